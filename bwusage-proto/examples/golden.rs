//! Prints the bytes of messages that `tests/golden.txt` does not hold yet; what it holds is never written again.

#[path = "../tests/samples/encoded.rs"]
mod encoded;
#[path = "../tests/samples/mod.rs"]
mod samples;

fn main() {
    let released = include_str!("../tests/golden.txt");
    for (name, bytes) in encoded::all() {
        if !released.lines().any(|line| line.starts_with(&format!("{name} = "))) {
            println!("{name} = {}", encoded::hex(&bytes));
        }
    }
}
