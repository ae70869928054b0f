use super::*;
use crate::sample;

fn scrape() -> String {
    Metrics::new(50, Memory::default()).scrape(&sample::mirror(3), "1.2.3", None, &Users::new())
}

#[test]
fn payload_and_wire_have_names_of_their_own() {
    let text = scrape();
    for sample in [
        "bwusage_app_wire_receive_bytes_total{app=\"curl\",scope=\"internet\"} 900",
        "bwusage_app_wire_receive_bytes_total{app=\"other\",scope=\"internet\"} 0",
        "bwusage_user_wire_receive_bytes_total{user=\"root\",scope=\"internet\"} 1400",
        "bwusage_unit_wire_receive_bytes_total{unit=\"\",scope=\"internet\"} 1400",
        "bwusage_build_info{component=\"bwusaged\",version=\"1.2.3\"} 1",
        "bwusage_host_cpu_usage_ratio 0.425",
        "bwusage_host_memory_used_bytes 40",
        "bwusage_up 1",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample} in\n{text}");
    }
    assert!(text.contains("# TYPE bwusage_app_payload_transmit_bytes_total counter"));
}

#[test]
fn names_of_programs_are_text_and_processes_and_hosts_are_no_labels() {
    let text = scrape();
    assert!(text.contains("app=\"a\\n\\nevent: top"), "the hostile name is there, escaped");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("bwusage_") || line.starts_with("process_"), "{line}");
    }
    for label in ["pid=", "remote=", "command", sample::SECRET] {
        assert!(!text.contains(label), "{label}");
    }
}

#[test]
fn every_family_is_there_once_and_every_sample_once() {
    let text = scrape();
    let types: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    let samples: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect();
    for lines in [types, samples] {
        let once: std::collections::BTreeSet<_> = lines.iter().collect();
        assert_eq!(once.len(), lines.len());
    }
}

#[test]
fn tables_of_the_kernel_say_how_full_they_are_and_nothing_where_nobody_knows() {
    let mut text = Exposition::default();
    kernel_tables(&mut text, &[TableFill::new("slots", 300, 16_376), TableFill::new("remotes", 0, 65_536)]);
    let text = text.finish();
    for sample in [
        "bwusage_bpf_map_entries{map=\"slots\"} 300",
        "bwusage_bpf_map_max_entries{map=\"slots\"} 16376",
        "bwusage_bpf_map_entries{map=\"remotes\"} 0",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample} in\n{text}");
    }
    assert!(!scrape().contains("bwusage_bpf_map"), "nobody was asked");
}

#[test]
fn without_the_daemon_there_is_only_what_is_known_without_it() {
    let text = Metrics::away();
    assert!(text.contains("bwusage_up 0\n") && text.contains("component=\"bwusage-web\""), "{text}");
    assert!(!text.contains("bwusage_app"), "{text}");
}

#[test]
fn counters_go_on_where_an_earlier_server_ended() {
    let mirror = sample::mirror(3);
    let first = Metrics::new(2, Memory::default());
    let text = first.scrape(&mirror, "1.2.3", None, &Users::new());
    let memory = serde_json::to_string(&first.memory()).unwrap();
    let second = Metrics::new(2, serde_json::from_str(&memory).unwrap());
    let again = second.scrape(&mirror, "1.2.3", None, &Users::new());
    let apps =
        |text: &str| text.lines().filter(|line| line.contains("app=")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(apps(&text), apps(&again));
}
