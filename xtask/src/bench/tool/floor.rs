//! The least that counting by process can cost: `xtask/bench/floor.bpf.c`, attached by us.

use anyhow::{Context as _, Result};
use aya::{Btf, Ebpf, programs::BtfTracePoint};

use crate::{bench::lab::Lab, bpf};

/// The programs, by what they are attached to.
const TRACEPOINTS: [&str; 2] = ["sock_send_length", "sock_recv_length"];

/// Attached programs. Dropping it detaches them.
pub(in crate::bench) struct Floor(#[expect(dead_code, reason = "holding it keeps them attached")] Ebpf);

/// The object, as bytes.
pub(in crate::bench) fn compile() -> Result<Vec<u8>> {
    bpf::compile(&bpf::Source { folder: "xtask/bench", file: "floor.bpf.c" })
}

impl Floor {
    pub(super) fn attach(lab: &Lab, programs: [&str; 2]) -> Result<Self> {
        let btf = Btf::from_sys_fs().context("the kernel has no type information")?;
        let object = lab.floor().context("its object is not compiled")?;
        let mut loaded = Ebpf::load(object).context("cannot load floor.bpf.c")?;
        for (name, tracepoint) in programs.into_iter().zip(TRACEPOINTS) {
            let program = loaded.program_mut(name).with_context(|| format!("no program {name}"))?;
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(tracepoint, &btf).with_context(|| format!("cannot load {name}"))?;
            program.attach().with_context(|| format!("cannot attach {name}"))?;
        }
        Ok(Self(loaded))
    }
}
