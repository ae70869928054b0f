use bwusage_proto::{client::Client, transport::Endpoint};
fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let mut c = Client::connect(&Endpoint::resolve(None), "dump").await.unwrap();
        let m = c.snapshot().await.unwrap();
        for p in m.processes.values() {
            if p.counters.is_zero() {
                continue;
            }
            let t = p.counters.total();
            println!(
                "{:?} {} app={} exe={:?} cmd={:?} uid={:?} wire={:?} pay={:?} exit={:?} res={:?}",
                p.info.id.map(|i| i.pid),
                p.info.name,
                p.info.app,
                p.info.exe,
                p.info.command_line,
                p.info.user,
                (t.wire.rx_bytes, t.wire.tx_bytes, t.wire.rx_packets, t.wire.tx_packets),
                (t.payload.rx_bytes, t.payload.tx_bytes),
                p.exited_at_unix_ms.is_some(),
                p.resources.map(|r| (r.cpu_centipercent, r.rss_bytes))
            );
        }
        for r in &m.residuals {
            let t = r.counters.total();
            println!("{} {:?}", r.reason.name(), t);
        }
        println!("rows={} seq={} window={} host={:?}", m.processes.len(), m.seq, m.window.len(), m.sample);
        println!("{:?}", c.status().await.unwrap());
    });
}
