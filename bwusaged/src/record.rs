//! `bwusaged record`: a live engine into a file.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    cli::Record,
    config::{self, Config},
    daemon::Sources,
    engine::{
        Choice, Counting,
        recording::{FORMAT, Header, Writer},
    },
    privilege, service,
};

/// Records until the time is over or somebody asks to stop.
///
/// # Errors
///
/// Says what is missing, or which file cannot be written.
pub fn run(options: &Record, config: Option<&Path>) -> anyhow::Result<()> {
    config::check_interval(options.interval)?;
    let account = privilege::account(Config::load(config)?.user.as_deref())?;
    let mut sources = Sources::open(&Choice::Auto, Counting::Exact)?;
    let header = Header {
        format: FORMAT.into(),
        host: sources.host_info(),
        coverage: sources.coverage(),
        interval_ms: options.interval,
    };
    // The file is of whoever started this; nothing else is written.
    let mut writer = Writer::create(&options.out, &header)?;
    sources.drop_privileges(account.as_ref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ends_at = options.duration.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    runtime.block_on(async {
        let mut timer = tokio::time::interval(Duration::from_millis(u64::from(options.interval)));
        let stop = service::asked_to_stop();
        tokio::pin!(stop);
        let mut busy = Vec::new();
        let mut moments = 0_u64;
        while ends_at.is_none_or(|end| Instant::now() < end) {
            tokio::select! {
                _ = timer.tick() => {
                    let mut moment = sources.sample(&busy)?;
                    moment.talk = sources.talk().ok().map(|reading| reading.talk);
                    busy = moment.sample.processes.iter().map(|process| process.id).collect();
                    writer.push(&moment)?;
                    moments += 1;
                }
                stopped = &mut stop => {
                    stopped.context("signals cannot be received")?;
                    break;
                }
            }
        }
        eprintln!(
            "recorded {moments} moments; play them with: bwusaged --engine replay:{}",
            options.out.display()
        );
        Ok(())
    })
}
