//! 100,000 datagrams of 64 bytes a second.

use anyhow::Result;

use super::{Tool, steady};
use crate::bench::{lab::Lab, report::Table, stage::SERVER};

pub(super) const TOOLS: &[Tool] = steady::TOOLS;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    let seconds = lab.effort.seconds(steady::SECONDS).to_string();
    let client = ["datagrams", SERVER, &seconds, "100000"];
    steady::run(lab, "100,000 datagrams of 64 bytes a second", &["serve-datagrams", SERVER], &client)
}
