//! 2,000 connections a second, each with a question and an answer of 64 bytes.

use anyhow::Result;

use super::{Tool, steady};
use crate::bench::{lab::Lab, report::Table, stage::SERVER};

pub(super) const TOOLS: &[Tool] = steady::TOOLS;

pub(super) fn run(lab: &Lab) -> Result<Vec<Table>> {
    let seconds = lab.effort.seconds(steady::SECONDS).to_string();
    let client = ["connections", SERVER, &seconds, "2000"];
    let what = "2,000 connections a second, 64 bytes each way";
    steady::run(lab, what, &["serve-connections", SERVER], &client)
}
