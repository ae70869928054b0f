//! The samples as bytes.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::samples::{replies, requests};

/// Every message as one frame, by name.
pub(crate) fn all() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for (name, request) in requests() {
        let mut bytes = Vec::new();
        request.encode_into(7, &mut bytes).unwrap();
        all.insert(name.to_owned(), bytes);
    }
    for (name, reply) in replies() {
        let mut bytes = Vec::new();
        reply.encode_into(7, true, &mut bytes).unwrap();
        all.insert(name.to_owned(), bytes);
    }
    all
}

/// Bytes as people compare them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
