//! What each kernel program costs a packet or a call, by the kernel's own account (`kernel.bpf_stats_enabled`).
//!
//! As root: `cargo bench -p bwusaged --bench packets`. Traffic stays on the loopback interface. Figures are gross: the
//! account itself takes some 60 ns (an empty program on the machine of the README shows as much). Budget: 110 ns a packet.

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        collections::BTreeMap,
        fs,
        io::{self, Read as _, Write as _},
        net::{TcpListener, TcpStream, UdpSocket},
        thread,
    };

    const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";
    const DATAGRAMS: u32 = 300_000;
    const STREAM_BYTES: usize = 2 << 30;
    const CONNECTIONS: u32 = 5_000;
    const REPEATS: usize = 3;

    /// Turns the account on, and back to what it was.
    struct Account(String);

    impl Account {
        fn open() -> io::Result<Self> {
            let before = fs::read_to_string(SWITCH)?;
            fs::write(SWITCH, "1")?;
            Ok(Self(before))
        }
    }

    impl Drop for Account {
        fn drop(&mut self) {
            // Root could write it a moment ago.
            let _ = fs::write(SWITCH, &self.0);
        }
    }

    pub(super) fn main() {
        let engine = match bwusaged::engine::open(bwusaged::engine::Wanted::default()) {
            Ok(engine) => engine,
            Err(error) => return println!("skipped: {error}"),
        };
        let _account = Account::open().expect("root may switch the account on");
        println!("ns a run, minimum of {REPEATS}; (runs)");
        for (name, load) in [
            ("datagrams of 64 bytes", datagrams as fn() -> io::Result<()>),
            ("one stream", stream),
            ("connections", connections),
        ] {
            let mut best: BTreeMap<String, (f64, u64)> = BTreeMap::new();
            for _ in 0..REPEATS {
                let before = totals();
                load().expect("traffic on loopback");
                for (program, (time, runs)) in totals() {
                    let (time_before, runs_before) = before.get(&program).copied().unwrap_or_default();
                    let runs = runs - runs_before;
                    if runs >= 1_000 {
                        let each = (time - time_before) as f64 / runs as f64;
                        let entry = best.entry(program).or_insert((f64::MAX, 0));
                        *entry = (entry.0.min(each), runs);
                    }
                }
            }
            println!("\n{name}");
            for (program, (each, runs)) in best {
                println!("  {program:<12} {each:>7.1}   ({runs})");
            }
        }
        drop(engine);
    }

    /// Time in ns and runs of each of our programs.
    fn totals() -> BTreeMap<String, (u64, u64)> {
        let ours = |name: &str| name.starts_with("on_");
        aya::programs::loaded_programs()
            .filter_map(Result::ok)
            .filter_map(|program| {
                let name = program.name_as_str()?.to_owned();
                ours(&name).then(|| (name, (program.run_time().as_nanos() as u64, program.run_count())))
            })
            .collect()
    }

    fn datagrams() -> io::Result<()> {
        let (from, to) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        from.connect(to.local_addr()?)?;
        let mut buffer = [7; 64];
        for _ in 0..DATAGRAMS {
            from.send(&buffer)?;
            to.recv(&mut buffer)?;
        }
        Ok(())
    }

    fn stream() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let to = listener.local_addr()?;
        let sender = thread::spawn(move || -> io::Result<()> {
            let mut stream = TcpStream::connect(to)?;
            let chunk = vec![7; 128 << 10];
            (0..STREAM_BYTES / chunk.len()).try_for_each(|_| stream.write_all(&chunk))
        });
        let mut stream = listener.accept()?.0;
        let mut buffer = vec![0; 128 << 10];
        while stream.read(&mut buffer)? > 0 {}
        sender.join().expect("the sender ends")
    }

    fn connections() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let to = listener.local_addr()?;
        for _ in 0..CONNECTIONS {
            let mut near = TcpStream::connect(to)?;
            let mut far = listener.accept()?.0;
            let mut byte = [7];
            near.write_all(&byte)?;
            far.read_exact(&mut byte)?;
        }
        Ok(())
    }
}

fn main() {
    // `cargo bench` says so; anything else (`cargo test --benches`) only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("skipped: only Linux has these programs");
}
