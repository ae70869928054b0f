use proptest::prelude::*;

use super::*;

/// The answer of a public resolver to `A www.Example.com`, with an alias and two addresses, compressed.
const ALIASED: &[u8] = b"\x1a\x2b\x81\x80\x00\x01\x00\x03\x00\x00\x00\x01\
    \x03www\x07Example\x03com\x00\x00\x01\x00\x01\
    \xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x0b\x04edge\x03cdn\xc0\x18\
    \xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07\
    \xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x09\
    \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";

/// Builds messages; every name is written in full.
struct Message(Vec<u8>);

impl Message {
    fn new(flags: u16, questions: u16, answers: u16) -> Self {
        let words = [7, flags, questions, answers, 0, 0].map(u16::to_be_bytes);
        Self(words.concat())
    }

    fn answer_to(name: &str, answers: u16) -> Self {
        Self::new(0x8180, 1, answers).name(name).words(&[1, 1])
    }

    fn name(mut self, name: &str) -> Self {
        self.0.extend(wire(name));
        self
    }

    fn words(mut self, words: &[u16]) -> Self {
        self.0.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        self
    }

    fn record(self, owner: &str, kind: u16, class: u16, body: &[u8]) -> Self {
        let mut message = self.name(owner).words(&[kind, class, 0, 60, body.len() as u16]);
        message.0.extend(body);
        message
    }

    fn a(self, owner: &str, address: [u8; 4]) -> Self {
        self.record(owner, TYPE_A, CLASS_IN, &address)
    }

    fn names(&self) -> Vec<(IpAddr, String)> {
        names(&self.0)
    }
}

fn wire(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn named(address: &str, name: &str) -> (IpAddr, String) {
    (address.parse().unwrap(), name.into())
}

const HOST: [u8; 4] = [192, 0, 2, 1];

#[test]
fn every_address_belongs_to_the_name_that_was_asked_for() {
    assert_eq!(
        names(ALIASED),
        [named("192.0.2.7", "www.example.com"), named("198.51.100.9", "www.example.com")]
    );
}

#[test]
fn addresses_of_both_families_are_read() {
    let address: Ipv6Addr = "2001:db8::5".parse().unwrap();
    let message = Message::answer_to("v6.test", 1).record("v6.test", TYPE_AAAA, CLASS_IN, &address.octets());
    assert_eq!(message.names(), [named("2001:db8::5", "v6.test")]);
    let mapped = Ipv4Addr::from(HOST).to_ipv6_mapped().octets();
    let message = Message::answer_to("v4.test", 1).record("v4.test", TYPE_AAAA, CLASS_IN, &mapped);
    assert_eq!(message.names(), [named("192.0.2.1", "v4.test")]);
}

#[test]
fn aliases_are_followed_in_any_order_and_any_case() {
    let message = Message::answer_to("a.test", 3)
        .a("C.TEST", HOST)
        .record("b.test", TYPE_CNAME, CLASS_IN, &wire("c.test"))
        .record("A.test", TYPE_CNAME, CLASS_IN, &wire("B.test"));
    assert_eq!(message.names(), [named("192.0.2.1", "a.test")]);
}

#[test]
fn an_address_of_another_name_is_not_taken() {
    let message = Message::answer_to("a.test", 2).a("bank.test", HOST).a("a.test", [192, 0, 2, 2]);
    assert_eq!(message.names(), [named("192.0.2.2", "a.test")]);
}

#[test]
fn a_ring_of_aliases_ends() {
    let message = Message::answer_to("a.test", 3)
        .record("a.test", TYPE_CNAME, CLASS_IN, &wire("b.test"))
        .record("b.test", TYPE_CNAME, CLASS_IN, &wire("a.test"))
        .a("b.test", HOST);
    assert_eq!(message.names(), [named("192.0.2.1", "a.test")]);
}

#[test]
fn only_the_successful_answer_to_one_question_counts() {
    let with =
        |flags, questions| Message::new(flags, questions, 1).name("a.test").words(&[1, 1]).a("a.test", HOST);
    assert_eq!(with(0x8180, 1).names().len(), 1);
    for (flags, what) in
        [(0x0100, "a query"), (0xa180, "opcode 4"), (0x8183, "no such name"), (0x8182, "failed")]
    {
        assert_eq!(with(flags, 1).names(), [], "{what}");
    }
    assert_eq!(with(0x8180, 0).names(), [], "no question");
    assert_eq!(with(0x8180, 2).names(), [], "two questions");
}

#[test]
fn another_class_is_not_the_internet() {
    let chaos = Message::new(0x8180, 1, 1).name("a.test").words(&[1, 3]).a("a.test", HOST);
    assert_eq!(chaos.names(), []);
    let record = Message::answer_to("a.test", 1).record("a.test", TYPE_A, 3, &HOST);
    assert_eq!(record.names(), []);
}

#[test]
fn an_address_of_the_wrong_length_ends_the_reading() {
    let message =
        Message::answer_to("a.test", 2).record("a.test", TYPE_A, CLASS_IN, &[1, 2, 3]).a("a.test", HOST);
    assert_eq!(message.names(), []);
}

#[test]
fn what_was_read_before_a_cut_stays() {
    let whole = Message::answer_to("a.test", 2).a("a.test", HOST).a("a.test", [192, 0, 2, 2]);
    let cut = &whole.0[..whole.0.len() - 1];
    assert_eq!(names(cut), [named("192.0.2.1", "a.test")]);
    for length in 0..ALIASED.len() {
        assert!(names(&ALIASED[..length]).len() <= 2);
    }
    assert_eq!(names(&ALIASED[..11]), []);
}

#[test]
fn a_pointer_only_leads_backwards() {
    let question_at = |pointer: [u8; 2]| {
        let mut message = Message::new(0x8180, 1, 1).0;
        message.extend([1, b'a']);
        message.extend(pointer);
        message.extend([0, 1, 0, 1]);
        Message(message).a("a", HOST).0
    };
    assert_eq!(names(&question_at([0, 0])), [], "the name ends before the question does");
    for (pointer, what) in [
        ([0xc0, 12], "itself"),
        ([0xc0, 14], "the pointer"),
        ([0xc0, 30], "ahead"),
        ([0xc0, 3], "the header"),
        ([0xff, 0xff], "outside"),
    ] {
        assert_eq!(names(&question_at(pointer)), [], "{what}");
    }
}

#[test]
fn reserved_labels_and_names_beyond_the_limit_are_refused() {
    let mut reserved = Message::new(0x8180, 1, 0).0;
    reserved.extend([0x41, b'a', 0, 0, 1, 0, 1]);
    assert_eq!(names(&reserved), []);
    let label = "a".repeat(63);
    let longest = [&label[..], &label, &label, &label[..61]].join(".");
    assert_eq!(longest.len(), MAX_NAME);
    assert_eq!(Message::answer_to(&longest, 1).a(&longest, HOST).names().len(), 1);
    let longer = [&label[..], &label, &label, &label[..62]].join(".");
    assert_eq!(Message::answer_to(&longer, 1).a(&longer, HOST).names(), []);
    // Escapes take four characters for a byte.
    let escaped = ["*".repeat(40), "*".repeat(40)].join(".");
    assert_eq!(Message::answer_to(&escaped, 1).a(&escaped, HOST).names(), []);
    assert_eq!(Message::answer_to("", 1).a("", HOST).names(), [], "the root has no addresses");
}

#[test]
fn a_label_cannot_act_on_a_terminal_or_look_like_two() {
    let mut message = Message::new(0x8180, 1, 1).0;
    let name = b"\x06\x1b[2J.x\x05_a-\\9\x04test\x00";
    message.extend(name);
    message.extend([0, 1, 0, 1]);
    message.extend(name);
    message.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    assert_eq!(names(&message), [named("192.0.2.1", r"\027\0912j\046x._a-\0929.test")]);
}

#[test]
fn answers_of_blocking_resolvers_name_no_host() {
    for address in [[0, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 251], [255, 255, 255, 255]] {
        assert_eq!(Message::answer_to("ads.test", 1).a("ads.test", address).names(), []);
    }
}

#[test]
fn escaping_a_name_twice_changes_nothing() {
    assert_eq!(escaped("Example.COM.").as_deref(), Some("example.com"));
    assert_eq!(escaped("a b\\é").as_deref(), Some(r"a\032b\092\195\169"));
    assert_eq!(escaped(r"a\032b"), Some(r"a\032b".into()));
    assert_eq!((escaped(""), escaped("."), escaped(&"a".repeat(254))), (None, None, None));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = names(&bytes);
        let head = [&ALIASED[..12], &bytes].concat();
        let _ = names(&head);
    }

    #[test]
    fn a_damaged_message_is_read_without_panic_and_gives_only_names_that_may_be_kept(
        changes in proptest::collection::vec((0..ALIASED.len(), any::<u8>()), 0..8),
        cut in 0..ALIASED.len(),
    ) {
        let mut message = ALIASED.to_vec();
        for (at, byte) in changes {
            message[at] = byte;
        }
        for bytes in [&message[..], &message[..cut]] {
            for (_, name) in names(bytes) {
                prop_assert_eq!(escaped(&name), Some(name));
            }
        }
    }
}
