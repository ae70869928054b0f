//! TLS in the kernel, with keys that both ends know: what is counted as payload is what the program sees.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use super::{option, say_listening, tcp, until_input_ends};

/// Without the module, the kernel does not know the name.
pub(in crate::suite) fn offered() -> bool {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| TcpStream::connect(listener.local_addr()?))
        .and_then(|stream| option::set(&stream, libc::IPPROTO_TCP, libc::TCP_ULP, b"tls"))
        .is_ok()
}

pub(super) fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say_listening(listener.local_addr()?)?;
    thread::spawn(move || -> io::Result<()> {
        for stream in listener.incoming() {
            let stream = stream?;
            encrypt(&stream)?;
            tcp::serve_stream(stream)?;
        }
        Ok(())
    });
    until_input_ends()
}

pub(super) fn upload(address: &str, bytes: u64) -> io::Result<()> {
    let stream = TcpStream::connect(address)?;
    encrypt(&stream)?;
    let mut stream = tcp::ask_over(stream, tcp::UP, bytes)?;
    let chunk = [b'.'; 8192];
    let mut left = bytes as usize;
    while left > 0 {
        left -= stream.write(&chunk[..left.min(chunk.len())])?;
    }
    stream.read_exact(&mut [0])
}

/// AES-GCM with a key of zeroes, in both directions.
fn encrypt(stream: &TcpStream) -> io::Result<()> {
    option::set(stream, libc::IPPROTO_TCP, libc::TCP_ULP, b"tls")?;
    // struct tls12_crypto_info_aes_gcm_128: version, cipher, then iv, key, salt and sequence number.
    let mut keys = [0; 40];
    keys[..2].copy_from_slice(&libc::TLS_1_2_VERSION.to_ne_bytes());
    keys[2..4].copy_from_slice(&libc::TLS_CIPHER_AES_GCM_128.to_ne_bytes());
    option::set(stream, libc::SOL_TLS, libc::TLS_TX, &keys)?;
    option::set(stream, libc::SOL_TLS, libc::TLS_RX, &keys)
}
