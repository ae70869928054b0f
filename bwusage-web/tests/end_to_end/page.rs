//! The page in a real browser.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    devtools::{Browser, Page},
    recording,
    servers::Servers,
};

const VIEWS: [&str; 5] = ["programs", "connections", "ledger", "history", "alerts"];

/// Opens the page and waits until it shows live rows.
pub(crate) fn open(browser: &Browser, servers: &Servers, width: u32) -> Page {
    let mut page = browser.page(width, 900);
    page.open(&format!("{}/", servers.origin()));
    page.wait_for("document.querySelectorAll('#programs tbody tr').length >= 11");
    page.wait_for(&pill_says("live"));
    // From then on nothing moves away from under the mouse.
    page.wait_for("document.querySelector('#strip-list li')");
    page
}

pub(crate) fn pill_says(state: &str) -> String {
    format!("document.querySelector('#pill').textContent === '{state}'")
}

/// Goes to a part of the page and waits until it has content.
pub(crate) fn show(page: &mut Page, view: &str) {
    page.click(&format!("nav a[href='#{view}']"));
    page.wait_for(&format!(
        "document.querySelector('#{view}').checkVisibility() && document.querySelector('#{view} :is(tbody tr, article, .log li, .column)')"
    ));
}

/// The text of the first element that `selector` finds.
pub(crate) fn text(page: &mut Page, selector: &str) -> String {
    let text = page.value(&format!("document.querySelector({selector:?}).textContent"));
    text.as_str().unwrap().to_owned()
}

/// The names of the rows, from the top.
pub(crate) fn names(page: &mut Page) -> Vec<String> {
    let names = "[...document.querySelectorAll('#programs tbody .main')].map(name => name.textContent)";
    serde_json::from_value(page.value(names)).unwrap()
}

/// Waits until the cells of the first row have changed once more: another tick has been shown.
pub(crate) fn another_tick(page: &mut Page) {
    page.value("window.before = document.querySelector('#programs tbody tr').textContent");
    page.wait_for("document.querySelector('#programs tbody tr').textContent !== window.before");
}

#[test]
fn the_page_is_live_and_quiet_and_fits_every_width() {
    let (servers, browser) = (Servers::start(), Browser::start());
    for width in [390, 768, 1440] {
        let mut page = open(&browser, &servers, width);
        another_tick(&mut page);
        page.wait_for("document.querySelector('#network [data-value]').textContent.endsWith('iB/s')");
        page.wait_for("document.querySelector('#network .range').textContent.includes(' to ')");
        for view in VIEWS {
            show(&mut page, view);
            let widths =
                page.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
            assert_eq!(widths[0], widths[1], "{view} in a page that is {width} wide");
        }
        assert_eq!(page.complaints(), [] as [&str; 0]);
        let foreign: Vec<_> =
            page.requests().iter().filter(|url| !url.starts_with(servers.origin())).collect();
        assert_eq!(foreign, [] as [&str; 0]);
    }
}

#[test]
fn of_rows_in_another_order_few_are_moved_and_they_keep_their_focus() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.value(
        "import('./assets/table.js').then(({ Table }) => {
            const body = document.createElement('table').createTBody();
            document.body.append(body.parentElement);
            const name = { style: 'name', parts: [{ style: 'main', text: (row) => row, href: (row) => `#${row}` }] };
            const table = new Table(body, [name]);
            const moves = new MutationObserver(() => {});
            moves.observe(body, { childList: true });
            window.arrange = (names) => {
                table.show([...names], (row) => row, () => '');
                const moved = moves.takeRecords().flatMap(({ addedNodes }) => [...addedNodes]);
                return [body.textContent, new Set(moved).size];
            };
            window.focusOn = (name) => body.querySelector(`[href='#${name}']`).focus();
        })",
    );
    for (wanted, moved) in [
        ("abcdefghij", 10),
        ("abcdefghij", 0),
        ("bcdefghija", 1),
        ("jbcdefghia", 1),
        // Two from the top to the end, and a new one between.
        ("cdefxghiajb", 3),
        ("bjaihgxfedc", 10),
        ("xc", 0),
        ("", 0),
        ("cx", 2),
    ] {
        assert_eq!(page.value(&format!("window.arrange('{wanted}')")), json!([wanted, moved]));
    }
    page.value("window.arrange('abc'); window.focusOn('a')");
    assert_eq!(
        page.value("[window.arrange('bca')[0], document.activeElement.textContent]"),
        json!(["bca", "a"])
    );
    let roles = "[...new Set([...document.querySelectorAll('#programs table [role]')].map(({ tagName, role }) => `${tagName} ${role}`))]";
    assert_eq!(
        page.value(roles),
        json!(["THEAD rowgroup", "TR row", "TH columnheader", "TBODY rowgroup", "TD cell", "TFOOT rowgroup"])
    );
}

#[test]
fn rows_out_of_sight_are_written_seldom_and_are_up_to_date_when_they_are_seen() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.value(
        "import('./assets/table.js').then(({ Table }) => {
            const body = document.createElement('table').createTBody();
            document.body.prepend(body.parentElement);
            const table = new Table(body, [{ style: 'name', text: ({ said }) => said }]);
            const rows = (said) => Array.from({ length: 300 }, (_, key) => ({ key, said }));
            window.tell = (said) => table.show(rows(said), ({ key }) => key, () => '');
            window.says = () => [body.firstElementChild.textContent, body.lastElementChild.textContent].join();
            window.goTo = (end) => body[`${end}ElementChild`].scrollIntoView();
            // The table hears of what is in sight before this one does, who asks later.
            window.looked = () => new Promise((resolve) => { new IntersectionObserver(resolve).observe(body); });
            window.tell('new');
            return window.looked();
        })",
    );
    let mut says = |action: &str| page.value(&format!("{action}; window.says()"));
    assert_eq!(says("window.tell('second')"), "second,new");
    assert_eq!(says("window.goTo('last')"), "second,new");
    page.wait_for("window.says() === 'second,second'");
    page.value("window.goTo('first'); window.looked()");
    let all_at_once = (0..8).filter(|time| {
        page.value(&format!("window.tell('{time}'); window.says()")) == format!("{time},{time}")
    });
    assert_eq!(all_at_once.count(), 1, "now and then every row is written");
}

#[test]
fn a_hostile_name_is_shown_and_does_nothing() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    let shown = names(&mut page);
    let hostile = shown.iter().find(|name| name.contains("onerror")).unwrap();
    assert_eq!(hostile, r"<img src=x onerror='window.pwned=1'>\u{202e}gnp\x0a");
    assert_eq!(page.value("typeof window.pwned"), "undefined");
    assert_eq!(page.value("document.querySelectorAll('td img').length"), 0);

    for view in VIEWS {
        show(&mut page, view);
    }
    page.wait_for("document.querySelectorAll('#connections tbody tr').length === 2");
    let remotes =
        page.value("[...document.querySelectorAll('#connections td.name')].map(cell => cell.textContent)");
    assert!(remotes.to_string().contains("onerror"), "{remotes}");
    assert_eq!(page.value("typeof window.pwned"), "undefined");
    assert_eq!(page.value("document.querySelectorAll('main img, main b').length"), 0);
}

#[test]
fn an_application_has_its_title_and_a_hidden_program_a_mark() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    let row_of = |name: &str| {
        format!(
            "[...document.querySelectorAll('#programs tbody tr')].find((row) => row.textContent.includes({name:?}))"
        )
    };
    let browser_row = row_of(recording::TITLE);
    assert_eq!(page.value(&format!("{browser_row}.querySelector('.sub').textContent")), "firefox");
    assert_eq!(page.value(&format!("{browser_row}.querySelector('.mark').textContent")), "");
    assert_eq!(page.value(&format!("{browser_row}.querySelector('.category').textContent")), "app");
    let hidden = row_of("onerror");
    assert_eq!(page.value(&format!("{hidden}.querySelector('.mark').textContent")), "background");
    let why = page.value(&format!("{hidden}.querySelector('.mark').title"));
    assert!(why.as_str().unwrap().contains("it moved data, the first on"), "{why}");

    page.value("{ const category = document.querySelector('#category'); category.value = 'background'; category.dispatchEvent(new Event('change')); }");
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 1");
    another_tick(&mut page);
    assert!(names(&mut page)[0].contains("onerror"));
}

#[test]
fn connections_are_grouped_filtered_and_reached_from_a_program() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    show(&mut page, "connections");
    page.wait_for("document.querySelectorAll('#connections tbody tr').length === 2");
    page.click("#closed");
    page.wait_for("document.querySelectorAll('#connections tbody tr').length === 3");
    page.press("b");
    page.wait_for("document.querySelector('#connections th.name button').textContent === 'Remote host'");
    page.wait_for("document.querySelector('#talk-count').textContent === '3 remote hosts'");

    page.press("/");
    page.type_text("port:https");
    page.wait_for("document.querySelectorAll('#connections tbody tr').length === 2");
    page.type_text(" /[/");
    page.wait_for("document.querySelector('#talk-filter').ariaInvalid === 'true'");
    page.press_escape();
    page.wait_for("document.querySelectorAll('#connections tbody tr').length === 3");

    show(&mut page, "programs");
    // So long that whoever comes back is shown newer connections: those of the filter, not those of before.
    another_tick(&mut page);
    another_tick(&mut page);
    page.click("#programs a.main[href*=firefox]");
    page.wait_for("document.querySelector('#drawer .actions a')?.href.includes('firefox')");
    page.click("#drawer .actions a");
    page.wait_for("document.querySelector('#talk-filter').value === 'app:\\\"firefox\\\"'");
    page.wait_for(
        "(() => { const programs = [...document.querySelectorAll('#connections tbody .program .main')];
            return programs.length >= 2 && programs.every((program) => program.textContent === 'firefox'); })()",
    );
    assert_eq!(page.complaints().iter().filter(|said| !said.contains("400")).count(), 0);
}

#[test]
fn the_ledger_names_every_byte_of_the_recording() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.wait_for("parseFloat(document.querySelector('#attributed-now').textContent) > 99");
    show(&mut page, "ledger");
    // In one look: two would see two ticks.
    page.wait_for(
        "document.querySelector('#attributed-now').textContent === document.querySelector('#attributed-share').textContent",
    );
    let not_ip = "#attribution .side:first-child [data-reason=non_ip]";
    assert_eq!(text(&mut page, &format!("{not_ip} .title")), "not IP");

    assert_eq!(text(&mut page, "#interfaces h3"), format!("{} · device", recording::INTERFACE));
    assert!(text(&mut page, "#interfaces .detail").ends_with("% attributed · every byte has a name"));
    let exact = page.value("document.querySelector('#interfaces [data-reason=non_ip] .bytes').title");
    assert_eq!(exact, format!("{} bytes", recording::NOT_IP_BYTES));
    let sums = page.value(
        "[...document.querySelectorAll('#interfaces .side')].map((side) => {
            const counted = /count (\\d+) bytes, (\\d+) of/.exec(side.querySelector('.counter').title).slice(1);
            const lines = [...side.querySelectorAll('.bytes')].map(({ title }) => parseInt(title, 10));
            return counted[0] - counted[1] - lines.reduce((sum, bytes) => sum + bytes, 0);
        })",
    );
    assert_eq!(sums, serde_json::json!([0, 0]), "what the interface counted is the sum of the lines");
}

#[test]
fn a_part_of_the_page_has_an_address() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = browser.page(390, 900);
    page.open(&format!("{}/#ledger", servers.origin()));
    page.wait_for("document.querySelector('#interfaces article')?.checkVisibility()");
    assert_eq!(page.value("document.querySelector('#programs').checkVisibility()"), false);
    page.press("1");
    page.wait_for("document.querySelector('#programs').checkVisibility()");
    assert_eq!(page.value("location.hash"), "#programs");
}

#[test]
fn a_heading_sorts_and_sorts_back() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    let sorted =
        |direction: &str| format!("document.querySelector('#programs th.name').ariaSort === '{direction}'");

    page.click("#programs th.name button");
    page.wait_for(&sorted("ascending"));
    page.wait_for("document.querySelector('#programs td.name .main').textContent.startsWith('<img')");
    let ascending = names(&mut page);
    assert!(ascending.is_sorted_by_key(|name| name.to_lowercase()), "{ascending:?}");

    page.click("#programs th.name button");
    page.wait_for(&sorted("descending"));
    page.wait_for("document.querySelector('#programs td.name .main').textContent === 'thunderbird'");
    another_tick(&mut page);
    let descending = names(&mut page);
    assert!(descending.is_sorted_by(|a, b| a.to_lowercase() >= b.to_lowercase()), "{descending:?}");
    assert_eq!(page.value("document.querySelectorAll('#programs th[aria-sort]').length"), 1);
}

#[test]
fn rows_are_apps_or_processes() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    assert_eq!(names(&mut page).iter().filter(|name| *name == recording::TITLE).count(), 1);
    page.press("b");
    page.wait_for(
        "[...document.querySelectorAll('#programs td.pid')].some(cell => cell.textContent === '4243')",
    );
    assert_eq!(names(&mut page).iter().filter(|name| *name == "firefox").count(), 2);
}

#[test]
fn a_filter_is_typed_refused_and_cleared() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.press("/");
    assert_eq!(page.value("document.activeElement.id"), "filter");

    page.type_text("postgres | sshd");
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 2");
    another_tick(&mut page);
    let mut found = names(&mut page);
    found.sort();
    assert_eq!(found, ["postgres", "sshd"]);

    page.type_text(" /[/");
    page.wait_for("document.querySelector('#filter').ariaInvalid === 'true'");
    assert_ne!(page.value("document.querySelector('#filter-error').textContent"), "");
    assert_eq!(names(&mut page).len(), 2, "a bad filter leaves the rows of the good one");

    page.press_escape();
    page.wait_for("document.querySelectorAll('#programs tbody tr').length >= 11");
    assert_eq!(page.value("document.querySelector('#filter-error').hidden"), true);
}

#[test]
fn a_paused_page_stands_still_and_catches_up() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.press("p");
    page.wait_for(&pill_says("paused"));
    let before = page.value("window.before = document.querySelector('main').textContent");
    // A second stream says when the page would have moved on.
    page.value(
        "new Promise((resolve) => {
            const stream = new EventSource('api/v1/stream?interval_ms=2000');
            let ticks = 0;
            stream.addEventListener('tick', () => {
                ticks += 1;
                if (ticks === 3) { stream.close(); resolve(); }
            });
        })",
    );
    assert_eq!(page.value("document.querySelector('main').textContent"), before);
    page.press("p");
    page.wait_for(&pill_says("live"));
    page.wait_for("document.querySelector('main').textContent !== window.before");
}

#[test]
fn a_page_opened_late_sees_the_past() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let past = "Number(/past (\\d+) s/.exec(document.querySelector('.chart').ariaLabel)?.[1])";
    open(&browser, &servers, 1440).wait_for(&format!("{past} >= 3"));
    let mut late = browser.page(1440, 900);
    late.open(&format!("{}/", servers.origin()));
    let first_seen = late.wait_for(past);
    assert!(first_seen.as_u64().unwrap() >= 3, "the chart begins {first_seen} s ago");
}

#[test]
fn a_daemon_that_dies_is_missed_and_welcomed_back() {
    let (mut servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    servers.kill_daemon();
    page.wait_for(&pill_says("reconnecting"));
    page.wait_for("document.querySelector('#banner').checkVisibility()");
    page.wait_for("document.querySelector('#banner-hints').textContent.includes('sudo bwusaged')");
    assert!(names(&mut page).len() >= 11, "the last rows stay");

    servers.restart_daemon();
    page.wait_for(&pill_says("live"));
    page.wait_for("!document.querySelector('#banner').checkVisibility()");
    another_tick(&mut page);
    // What the page was just asking for when the daemon died was answered with 503.
    let others = page.complaints().iter().filter(|said| !said.contains("503")).collect::<Vec<_>>();
    assert_eq!(others, [] as [&str; 0]);
}

#[test]
fn a_page_outlives_its_server() {
    let (mut servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.press("/");
    page.type_text("/[/");
    page.wait_for("document.querySelector('#filter').ariaInvalid === 'true'");
    servers.kill_web();
    page.wait_for(&pill_says("reconnecting"));
    servers.restart_web();
    page.wait_for(&pill_says("live"));
    another_tick(&mut page);
    assert!(names(&mut page).len() >= 11, "the filter that makes no sense is not in force");
}

#[test]
fn the_help_opens_and_closes_with_keys() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    page.press("?");
    page.wait_for("document.querySelector('#keys').open");
    page.press_escape();
    page.wait_for("!document.querySelector('#keys').open");
}

/// The pictures stay, for people to look at.
#[test]
fn the_page_can_be_pictured_at_every_width_and_in_every_state() {
    let (mut servers, browser) = (Servers::start(), Browser::start());
    let picture = |page: &mut Page, name: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dashboard-{name}.png"));
        page.screenshot(&file);
        // A page without cards and rows is a tenth of it.
        assert!(
            fs::metadata(&file).is_ok_and(|picture| picture.len() > 50_000),
            "{} shows nothing",
            file.display()
        );
        println!("{}", file.display());
    };
    let mut page = open(&browser, &servers, 1440);
    page.wait_for("/past ([2-5][0-9] s|1 min)/.test(document.querySelector('.chart').ariaLabel)");
    picture(&mut page, "1440");
    for width in [390, 768] {
        picture(&mut open(&browser, &servers, width), &width.to_string());
    }
    page.press("b");
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 12");
    page.press("?");
    picture(&mut page, "help");
    page.press_escape();
    servers.kill_daemon();
    page.wait_for("document.querySelector('#banner-hints').textContent.includes('sudo bwusaged')");
    picture(&mut page, "away");
}
