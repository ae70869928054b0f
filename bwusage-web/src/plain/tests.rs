use bwusage_proto::{
    ledger::Summary,
    snapshot::{Coverage, HostInfo},
};

use super::*;
use crate::{access::Sight, moment::Live, sample};

fn page_of(mirror: &Mirror, sight: &Sight, query: serde_json::Value) -> String {
    let wanted: Wanted = serde_json::from_value(query).unwrap();
    let question = wanted.question().unwrap();
    let seen = Live::new(1, mirror, "1.2.3").seen_by(sight);
    let frame = Frame { wanted: &wanted, user: Some("ann") };
    table_page(frame, &question, &seen, &Users::new())
}

fn page(query: serde_json::Value) -> String {
    page_of(&sample::mirror(5), &Sight::everything(), query)
}

/// The texts of the first cell of each row.
fn names(page: &str) -> Vec<&str> {
    let body = page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    body.split("<bdi class=\"main\">").skip(1).map(|rest| rest.split("</bdi>").next().unwrap()).collect()
}

#[test]
fn it_says_which_machine_it_is_how_it_counts_and_how_many_bytes_have_a_process() {
    let mut mirror = sample::mirror(5);
    mirror.host = HostInfo { hostname: "web01".into(), os: "Debian".into(), ..HostInfo::default() };
    mirror.coverage =
        Coverage { engine: "sockets".into(), quality: "computed".into(), ..Coverage::default() };
    let page = page_of(&mirror, &Sight::everything(), serde_json::json!({}));
    for said in [
        "<title>web01 – bwusage</title>",
        "<bdi>web01 · Debian</bdi>",
        "<a href=\"#ledger\">computed</a>",
        "<span id=\"attributed-now\">99.70 %</span> attributed",
        "<p>computed: wire bytes are computed from the sockets' own counters; payload bytes are exact.</p>",
        "1.46 KiB received by the interfaces that lead out: processes 1.37 KiB · kernel, without a socket 6 B",
        "headers of the link 28 B · segmentation −22 B · every byte has a name",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn rows_are_those_of_the_api_in_its_order() {
    assert_eq!(names(&page(serde_json::json!({}))).first(), Some(&"curl"));
    let reversed = page(serde_json::json!({"sort": "-rx_total"}));
    assert_eq!(names(&reversed).last(), Some(&"curl"));
    assert_eq!(names(&page(serde_json::json!({"filter": "rx_total>600"}))), ["curl"]);
    assert_eq!(names(&page(serde_json::json!({"by": "pid", "all": "true"}))).len(), 3);
    let curl = page(serde_json::json!({"filter": "curl", "by": "pid"}));
    for cell in [
        "<td class=\"pid number\">101</td>",
        "<td class=\"rx number\">900 B</td>",
        "<td class=\"cpu number\">–</td>",
    ] {
        assert!(curl.contains(cell), "{cell}\n{curl}");
    }
}

#[test]
fn a_head_sorts_and_once_more_the_other_way_round_and_keeps_what_was_asked() {
    let first = page(serde_json::json!({"filter": "a&b<c", "all": "true"}));
    assert!(
        names(&page(serde_json::json!({}))).len() == 2 && first.contains("nothing matches “a&amp;b&lt;c”")
    );
    let largest = page(serde_json::json!({"sort": "rx_total", "by": "pid", "refresh": "5"}));
    assert!(largest.contains(
        "aria-sort=\"descending\"><a href=\"?plain=1&amp;by=pid&amp;refresh=5&amp;sort=-rx_total\""
    ));
    assert!(
        largest.contains("<a href=\"?plain=1&amp;by=pid&amp;refresh=5&amp;sort=name\">Name</a>"),
        "{largest}"
    );
    let smallest = page(serde_json::json!({"sort": "-rx_total"}));
    assert!(
        smallest.contains("aria-sort=\"ascending\"><a href=\"?plain=1&amp;sort=rx_total\""),
        "{smallest}"
    );
    let by_name = page(serde_json::json!({"sort": "name"}));
    assert!(
        by_name.contains("aria-sort=\"ascending\"><a href=\"?plain=1&amp;sort=-name\">Name</a>"),
        "{by_name}"
    );
}

#[test]
fn what_was_chosen_is_chosen_still() {
    let page = page(serde_json::json!({
        "by": "pid", "category": "service", "all": "", "refresh": "30", "filter": "rx>1 \"x\"", "sort": "-cpu"
    }));
    for said in [
        "<option value=\"pid\" selected>",
        "<option value=\"service\" selected>",
        "<option value=\"30\" selected>",
        "name=\"all\" value=\"true\" checked",
        "value=\"rx&gt;1 &quot;x&quot;\"",
        "<input type=\"hidden\" name=\"sort\" value=\"-cpu\">",
        "<meta http-equiv=\"refresh\" content=\"30\">",
        "href=\"api/v1/top.csv?by=pid&amp;sort=-cpu&amp;filter=rx%3E1+%22x%22&amp;category=service&amp;all=\"",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    let usual = self::page(serde_json::json!({}));
    assert!(
        !usual.contains("http-equiv=\"refresh\"")
            && !usual.contains("name=\"sort\"")
            && !usual.contains("checked")
    );
}

#[test]
fn a_long_table_ends_and_says_where_the_rest_is() {
    let page = page(serde_json::json!({"limit": "1"}));
    assert!(
        page.contains("first 1 app of 2")
            && page.contains("<a href=\"?plain=1&amp;limit=201\">Show 200 more</a>")
    );
    assert!(!self::page(serde_json::json!({})).contains("more</a>"));
}

#[test]
fn no_name_argument_or_machine_is_markup_or_turns_the_reading_direction() {
    let mut mirror = sample::mirror(5);
    mirror.host.hostname = "<h1>\u{202e}".into();
    mirror.fault = Some("<b>\x1b[31m".into());
    mirror.coverage.engine = "</footer><script>".into();
    let process = mirror.processes.values_mut().next().unwrap();
    process.info.command_line = Some(vec!["x".into(), "<img src=x onerror=alert(1)>\u{2066}".into()]);
    for by in Grouping::ALL {
        let page =
            page_of(&mirror, &Sight::everything(), serde_json::json!({"by": by.name(), "all": "true"}));
        assert!(!page.contains("<script") && !page.contains("<img src=x") && !page.contains("<b>"), "{page}");
        assert_eq!(page.matches("<h1>").count(), 1);
        assert!(!page.chars().any(|c| c != '\n' && bwusage_proto::text::is_unsafe(c)), "{page}");
    }
    let page = page_of(&mirror, &Sight::everything(), serde_json::json!({"by": "pid"}));
    assert!(page.contains("x &lt;img src=x onerror=alert(1)&gt;\\u{2066}"), "{page}");
    assert!(page.contains(r"a\x0a\x0aevent: top\x0adata: {}\x0d\x0d&lt;script&gt;\u{2028}"), "{page}");
}

#[test]
fn nothing_on_it_needs_a_script_or_another_server() {
    let page = page(serde_json::json!({"by": "pid", "all": "true", "refresh": "2"}));
    for forbidden in ["<script", "style=", "javascript:", "onclick", "onload", "http://", "https://", "=\"/"]
    {
        assert!(!page.contains(forbidden), "{forbidden}\n{page}");
    }
}

#[test]
fn whoever_may_not_see_command_lines_does_not_and_the_path_is_there_instead() {
    let query = serde_json::json!({"by": "pid"});
    let all = page_of(&sample::mirror(5), &Sight::everything(), query.clone());
    assert!(all.contains("curl --password=sesame"), "{all}");
    assert!(!page_of(&sample::mirror(5), &Sight::without_command_lines(), query).contains("sesame"));
}

#[test]
fn the_columns_add_up_with_what_has_no_row() {
    let page = page(serde_json::json!({}));
    let foot = page.split("<tfoot>").nth(1).unwrap();
    assert!(
        foot.contains("<td class=\"name\">(no program)</td>")
            && foot.contains("<td class=\"rx number\">0 B</td>")
    );
}

#[test]
fn without_a_ledger_nothing_is_said_to_be_attributed() {
    let mut mirror = sample::mirror(5);
    mirror.ledger = None;
    let page = page_of(&mirror, &Sight::everything(), serde_json::json!({}));
    assert!(
        page.contains(">–</span> attributed")
            && page.contains("There is no ledger of this machine's interfaces.")
    );
    mirror.ledger = Some(Summary::default());
    let page = page_of(&mirror, &Sight::everything(), serde_json::json!({}));
    assert!(page.contains(">–</span> attributed"), "no traffic is not every byte");
}

#[test]
fn a_failure_keeps_what_was_typed_so_that_it_can_be_mended() {
    let wanted: Wanted = serde_json::from_value(serde_json::json!({"filter": "/[/", "by": "user"})).unwrap();
    let said = wanted.question().unwrap_err();
    let page = failure_page(Frame { wanted: &wanted, user: None }, &said, &["sudo <bwusaged>".into()]);
    assert!(page.contains("value=\"/[/\"") && page.contains("<option value=\"user\" selected>"), "{page}");
    assert!(page.contains("role=\"alert\"") && page.contains("<code>sudo &lt;bwusaged&gt;</code>"), "{page}");
    assert!(!page.contains("<table>") && !page.contains("Log out"));
}
