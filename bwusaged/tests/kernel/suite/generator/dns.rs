//! As much of a name server and of its clients as it takes to give a name to an address.

use std::{
    io,
    net::{IpAddr, UdpSocket},
    thread,
};

use super::{received, say_listening, sent, udp, until_input_ends};

const HEADER_BYTES: usize = 12;
const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
/// A response that was asked for recursively, by a server that offers it.
const RESPONSE: u16 = 0x8180;
/// The name in the question.
const ASKED: [u8; 2] = [0xc0, HEADER_BYTES as u8];

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-names", address, alias, v4, v6] => {
            let parse = |word: &str| word.parse::<IpAddr>().map_err(io::Error::other);
            serve(address, alias, [parse(v4)?, parse(v6)?])?;
        }
        ["ask-name", server, name] => ask(server, name)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Says of every name that it is another name for `alias`, which has these addresses.
fn serve(address: &str, alias: &str, addresses: [IpAddr; 2]) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    say_listening(socket.local_addr()?)?;
    let alias = encode(alias);
    thread::spawn(move || -> io::Result<()> {
        let mut room = [0; 512];
        loop {
            let (length, peer) = socket.recv_from(&mut room)?;
            received(length);
            let question = &room[..length];
            let kind = u16::from_be_bytes([question[length - 4], question[length - 3]]);
            let address = addresses.into_iter().find(|address| address.is_ipv4() == (kind == A));
            let address = address.ok_or_else(|| io::Error::other("no such address"))?;
            sent(socket.send_to(&answer(question, &alias, address), peer)?);
        }
    });
    until_input_ends()
}

fn answer(question: &[u8], alias: &[u8], address: IpAddr) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2..4].copy_from_slice(&RESPONSE.to_be_bytes());
    answer[6..8].copy_from_slice(&2_u16.to_be_bytes());
    push_record(&mut answer, &ASKED, CNAME, alias);
    match address {
        IpAddr::V4(address) => push_record(&mut answer, alias, A, &address.octets()),
        IpAddr::V6(address) => push_record(&mut answer, alias, AAAA, &address.octets()),
    }
    answer
}

fn push_record(message: &mut Vec<u8>, name: &[u8], kind: u16, value: &[u8]) {
    message.extend(name);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1, 0, 0, 0, 60]);
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
}

/// Asks for both kinds of address.
fn ask(server: &str, name: &str) -> io::Result<()> {
    let (socket, server) = udp::client(server)?;
    socket.connect(server)?;
    for kind in [A, AAAA] {
        let mut question = vec![0x62, 0x77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        question.extend(encode(name));
        question.extend(kind.to_be_bytes());
        question.extend([0, 1]);
        sent(socket.send(&question)?);
        received(socket.recv(&mut [0; 512])?);
    }
    Ok(())
}

/// Each label after its length, and an empty one.
fn encode(name: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for label in name.split('.').chain([""]) {
        encoded.push(label.len() as u8);
        encoded.extend(label.as_bytes());
    }
    encoded
}
