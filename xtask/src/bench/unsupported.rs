//! `cargo xtask bench` where there are no network namespaces.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

#[derive(Args)]
pub(crate) struct Options {}

#[derive(Args)]
pub(crate) struct GenerateOptions {}

pub(crate) fn run(_: &Options) -> Result<ExitCode> {
    bail!("the benchmarks need Linux: their traffic runs between network namespaces")
}

pub(crate) fn generate(_: &GenerateOptions) -> Result<ExitCode> {
    bail!("the benchmarks need Linux")
}
