//! A table as a file: comma-separated values that are written as fast as they are read, never in memory as a whole.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use tokio::sync::mpsc;

/// So many bytes go out at a time.
const CHUNK: usize = 32 * 1024;
/// Chunks that wait for the reader.
const WAITING: usize = 2;
/// The longest part of a machine's name in the name of a file.
const MAX_NAME: usize = 64;

/// Takes lines and hands them on in chunks.
pub(crate) struct Writer {
    chunks: mpsc::Sender<Bytes>,
    chunk: String,
}

/// Whoever wanted the file went away.
#[derive(Debug)]
pub(crate) struct Gone;

impl Writer {
    /// Waits until the reader keeps up, and writes all of `lines`.
    pub(crate) async fn write(mut self, lines: impl Iterator<Item = String>) -> Result<(), Gone> {
        for line in lines {
            self.chunk.push_str(&line);
            if self.chunk.len() >= CHUNK {
                self.flush().await?;
            }
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let chunk = std::mem::take(&mut self.chunk);
        self.chunks.send(chunk.into()).await.map_err(|_| Gone)
    }
}

/// The answer: the file `bwusage-TABLE-HOST.csv`, written by what `write` makes of a [`Writer`]. Nothing is written any more when
/// the reader goes away.
pub(crate) fn csv<W>(table: &str, host: &str, write: impl FnOnce(Writer) -> W) -> Response
where
    W: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (sender, chunks) = mpsc::channel(WAITING);
    tokio::spawn(write(Writer { chunks: sender, chunk: String::new() }));
    let chunks = stream::unfold(chunks, async |mut chunks| {
        let chunk: Bytes = chunks.recv().await?;
        Some((Ok::<_, Infallible>(chunk), chunks))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file_name(table, host))),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// A name that is one on every system: what a machine is called may hold anything.
fn file_name(table: &str, host: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let host: String = host.chars().take(MAX_NAME).map(safe).collect();
    if host.is_empty() { format!("bwusage-{table}.csv") } else { format!("bwusage-{table}-{host}.csv") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_machine_can_choose_another_place_or_kind_of_file() {
        for host in
            ["../../etc/passwd", "a\"; filename=\"x.exe", "a\r\nset-cookie: x", "a\0b", "ü", &"x".repeat(999)]
        {
            let name = file_name("top", host);
            let middle = name.strip_prefix("bwusage-top-").unwrap().strip_suffix(".csv").unwrap();
            assert!(middle.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{name}");
            assert!(middle.len() <= MAX_NAME, "{name}");
        }
        assert_eq!(file_name("top", "web-01"), "bwusage-top-web-01.csv");
        assert_eq!(file_name("top", ""), "bwusage-top.csv");
    }

    #[tokio::test]
    async fn whoever_goes_away_is_not_written_for() {
        let (done, outcome) = tokio::sync::oneshot::channel();
        let endless = std::iter::repeat_with(|| "x".repeat(CHUNK));
        let answer = csv("top", "h", |writer| async move {
            let end = writer.write(endless).await;
            done.send(end.is_err()).map_err(|_| Gone)
        });
        drop(answer);
        assert!(outcome.await.unwrap(), "it ended because nobody reads");
    }
}
