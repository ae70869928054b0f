//! Many connections of one process that stay open, each with a number of bytes of its own.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
};

use rustix::{
    net::{AddressFamily, SocketType, bind, connect, socket},
    process::{Resource, Rlimit, setrlimit},
};

use super::{number, pause, say_listening, tcp, udp, until_input_ends};

/// More than there are connections.
const FILES: u64 = 20_000;
/// The question: how many bytes are wanted.
pub(in crate::suite) const QUESTION_BYTES: u64 = 8;
/// The local port of the first connection; the others follow.
pub(in crate::suite) const FIRST_PORT: u16 = 20_000;
/// Bytes of the connections that are one of their kind.
pub(in crate::suite) const V6_BYTES: u64 = 12_345;
pub(in crate::suite) const LOOPBACK_BYTES: u64 = 23_456;
pub(in crate::suite) const DATAGRAMS: u64 = 320;
pub(in crate::suite) const DATAGRAM_BYTES: u64 = 777;

/// What connection `number` receives.
pub(in crate::suite) const fn answer_bytes(number: u16) -> u64 {
    1000 + number as u64
}

pub(super) fn generate(words: &[&str]) -> io::Result<bool> {
    match *words {
        ["serve-held", address] => serve(address)?,
        ["hold-each", server, server_v6, udp_server, count] => {
            hold(server, server_v6, udp_server, number(count)? as u16)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn allow_many_files() -> io::Result<()> {
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum: Some(FILES) })?)
}

/// One client after the other, and all of them stay.
fn serve(address: &str) -> io::Result<()> {
    allow_many_files()?;
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = tcp::Counted(stream?);
            answer(&mut stream)?;
            held.push(stream);
        }
        Ok(())
    });
    until_input_ends()
}

fn answer(stream: &mut tcp::Counted) -> io::Result<()> {
    let mut question = [0; QUESTION_BYTES as usize];
    stream.read_exact(&mut question)?;
    stream.write_all(&vec![b'.'; u64::from_be_bytes(question) as usize])
}

fn ask(stream: TcpStream, bytes: u64) -> io::Result<tcp::Counted> {
    let mut stream = tcp::Counted(stream);
    stream.write_all(&bytes.to_be_bytes())?;
    stream.read_exact(&mut vec![0; bytes as usize])?;
    Ok(stream)
}

fn hold(server: &str, server_v6: &str, udp_server: &str, count: u16) -> io::Result<()> {
    allow_many_files()?;
    let server: SocketAddr = server.parse().map_err(io::Error::other)?;
    let mut held = Vec::new();
    for number in 0..count {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        // The port tells which one it is.
        bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, FIRST_PORT + number)))?;
        connect(&socket, &server)?;
        held.push(ask(TcpStream::from(socket), answer_bytes(number))?);
    }
    held.push(ask(TcpStream::connect(server_v6)?, V6_BYTES)?);
    let own = TcpListener::bind("127.0.0.1:0")?;
    let asking = TcpStream::connect(own.local_addr()?)?;
    let mut answering = tcp::Counted(own.accept()?.0);
    let answered = thread::spawn(move || answer(&mut answering).map(|()| answering));
    held.push(ask(asking, LOOPBACK_BYTES)?);
    held.push(answered.join().expect("the answering thread")?);
    let datagrams: UdpSocket = udp::client(udp_server)?.0;
    datagrams.connect(udp_server)?;
    udp::send_connected(&datagrams, DATAGRAMS, DATAGRAM_BYTES)?;
    pause()?;
    drop(held);
    Ok(())
}
