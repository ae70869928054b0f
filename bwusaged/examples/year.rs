//! Writes the history of a year of 300 applications, so that clients and questions can be tried on it:
//! `cargo run -p bwusaged --example year -- DIR/history.sqlite3`, and then a daemon with `--state-dir DIR`.

#[path = "../benches/support/year.rs"]
mod year;

fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).ok_or_else(|| anyhow::anyhow!("say which file to write"))?;
    let file = std::path::PathBuf::from(file);
    anyhow::ensure!(!file.exists(), "{} is there already", file.display());
    let now = jiff::Timestamp::now().as_second();
    drop(year::load(&file, now)?);
    let pending = year::full_hour(now - now.rem_euclid(3600));
    println!("{}: {} applications, and {} minutes more would be an hour", file.display(), year::APPLICATIONS, pending.minutes.len());
    Ok(())
}
