//! Frames off a socket, straight into a buffer that is used again.
//!
//! An answer is read with large reads into one allocation, and handed out as `Bytes` that share it: records are never copied on their way. When the caller
//! has let go of the last answer, its allocation takes the next one; fresh pages for every answer would cost half as much wall time again. A length from the
//! wire is checked against a cap before anything is reserved for it, and above what was expected the buffer only grows as bytes really arrive.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use kaframe_wire::{WireError, frame};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

const PREFIX: usize = 4;
/// Room for small answers, and the first step of growth towards a large one.
const FIRST_READ: usize = 16 << 10;
/// Growth per step while more arrives than was expected.
const STEP: usize = 1 << 20;
/// An allocation above this is given back after an answer that needed it, unless such answers are expected.
const KEEP: usize = 8 << 20;

/// Reads one frame at a time.
#[derive(Debug, Default)]
pub(crate) struct ReceiveBuffer {
    buffer: BytesMut,
}

/// Why no frame came.
#[derive(Debug)]
pub(crate) enum ReceiveError {
    Io(io::Error),
    /// The peer closed; so many bytes of a frame had arrived.
    Closed {
        received: usize,
    },
    Wire(WireError),
}

impl ReceiveBuffer {
    /// The next frame, without its length prefix. `cap` bounds it, `expected` is what it will probably have (0: little).
    pub async fn frame<S>(&mut self, stream: &mut S, cap: usize, expected: usize) -> Result<Bytes, ReceiveError>
    where
        S: AsyncRead + Unpin + ?Sized,
    {
        self.recycle(expected.min(cap).saturating_add(PREFIX).max(FIRST_READ));
        while self.buffer.len() < PREFIX {
            self.read(stream).await?;
        }
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&self.buffer[..PREFIX]);
        let length = frame::body_length(prefix, cap).map_err(ReceiveError::Wire)?;
        let total = PREFIX + length;
        while self.buffer.len() < total {
            if self.buffer.len() == self.buffer.capacity() {
                self.buffer
                    .reserve((total - self.buffer.len()).min(STEP.max(self.buffer.len())));
            }
            self.read(stream).await?;
        }
        if self.buffer.len() > total {
            let extra = self.buffer.len() - total;
            return Err(ReceiveError::Wire(WireError::Protocol {
                detail: format!("{extra} bytes follow the answer: nothing more was asked"),
            }));
        }
        let mut frame = self.buffer.split().freeze();
        Ok(frame.split_off(PREFIX))
    }

    /// The next of several frames that were asked for, without its length prefix. May be given up and called again: what has arrived is kept.
    pub async fn next_frame<S>(&mut self, stream: &mut S, cap: usize) -> Result<Bytes, ReceiveError>
    where
        S: AsyncRead + Unpin + ?Sized,
    {
        if self.buffer.is_empty() {
            self.recycle(FIRST_READ);
        }
        loop {
            if let Some(prefix) = self.buffer.first_chunk::<PREFIX>() {
                let total = PREFIX + frame::body_length(*prefix, cap).map_err(ReceiveError::Wire)?;
                if self.buffer.len() >= total {
                    let mut frame = self.buffer.split_to(total).freeze();
                    return Ok(frame.split_off(PREFIX));
                }
                if self.buffer.len() == self.buffer.capacity() {
                    self.buffer
                        .reserve((total - self.buffer.len()).min(STEP.max(self.buffer.len())));
                }
            } else {
                self.buffer.reserve(FIRST_READ);
            }
            self.read(stream).await?;
        }
    }

    /// Bytes read of a frame that is not complete yet.
    pub fn received(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the peer closed or wrote while nothing was asked of it. Never waits.
    pub async fn has_news<S>(&mut self, stream: &mut S) -> bool
    where
        S: AsyncRead + Unpin + ?Sized,
    {
        if !self.buffer.is_empty() {
            return true;
        }
        let mut byte = [0; 1];
        let mut byte = ReadBuf::new(&mut byte);
        poll_fn(|context| Poll::Ready(Pin::new(&mut *stream).poll_read(context, &mut byte).is_ready())).await
    }

    /// Makes room for `wanted` bytes: in the allocation of the last answer if nobody holds it any more, else in a fresh one.
    fn recycle(&mut self, wanted: usize) {
        self.buffer.clear();
        // The capacity is only known in full after the reclaim: until then the last answer has its part of it.
        let reclaimed = self.buffer.try_reclaim(wanted);
        if !reclaimed || self.buffer.capacity() > KEEP.max(wanted.saturating_mul(2)) {
            self.buffer = BytesMut::with_capacity(wanted);
        }
    }

    async fn read<S>(&mut self, stream: &mut S) -> Result<(), ReceiveError>
    where
        S: AsyncRead + Unpin + ?Sized,
    {
        match stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(ReceiveError::Closed {
                received: self.buffer.len(),
            }),
            Ok(_) => Ok(()),
            Err(error) => Err(ReceiveError::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as i32).to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        bytes
    }

    async fn receive(bytes: &[u8], cap: usize) -> Result<Bytes, ReceiveError> {
        ReceiveBuffer::default().frame(&mut &bytes[..], cap, 0).await
    }

    #[tokio::test]
    async fn frames_of_every_size_arrive_whole() {
        for size in [4, 100, FIRST_READ - 4, FIRST_READ, 3 * STEP + 1] {
            let body: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            assert_eq!(receive(&framed(&body), 100 << 20).await.unwrap(), body);
        }
    }

    #[tokio::test]
    async fn the_allocation_is_used_again_once_it_is_free() {
        let (mut near, mut far) = tokio::io::duplex(1 << 20);
        let body = vec![7; 100_000];
        let mut buffer = ReceiveBuffer::default();
        far.write_all(&framed(&body)).await.unwrap();
        let first = buffer.frame(&mut near, 1 << 20, 200_000).await.unwrap();
        let place = first.as_ptr();
        drop(first);
        far.write_all(&framed(&body)).await.unwrap();
        let second = buffer.frame(&mut near, 1 << 20, 200_000).await.unwrap();
        assert_eq!(second.as_ptr(), place);
        far.write_all(&framed(&body)).await.unwrap();
        let third = buffer.frame(&mut near, 1 << 20, 200_000).await.unwrap();
        assert_ne!(third.as_ptr(), place, "the second answer is still held");
        assert_eq!(second, body);
    }

    #[tokio::test]
    async fn a_lying_length_reserves_little() {
        let mut buffer = ReceiveBuffer::default();
        let mut bytes = (90_000_000_i32).to_be_bytes().to_vec();
        bytes.extend_from_slice(&[0; 100]);
        assert!(matches!(
            buffer.frame(&mut &bytes[..], 100 << 20, 0).await,
            Err(ReceiveError::Closed { received: 104 })
        ));
        assert!(buffer.buffer.capacity() < 3 * STEP);
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused() {
        for prefix in [[0x80, 0, 0, 0], [0; 4]] {
            assert!(matches!(
                receive(&prefix, 1000).await,
                Err(ReceiveError::Wire(WireError::Protocol { .. }))
            ));
        }
        let too_large = receive(&i32::MAX.to_be_bytes(), 1000).await;
        assert!(
            matches!(too_large, Err(ReceiveError::Wire(WireError::Limit { .. }))),
            "{too_large:?}"
        );
        for foreign in [&b"HTTP/1.1 400"[..], b"SSH-2.0-x", b"220 mail", b"\x15\x03\x01\x00\x02"] {
            assert!(matches!(
                receive(foreign, 1 << 20).await,
                Err(ReceiveError::Wire(WireError::NotKafka { .. }))
            ));
        }
        let mut two = framed(&[1; 10]);
        two.extend(framed(&[2; 10]));
        assert!(matches!(
            receive(&two, 1000).await,
            Err(ReceiveError::Wire(WireError::Protocol { .. }))
        ));
        assert!(matches!(
            receive(&framed(&[1; 10])[..9], 1000).await,
            Err(ReceiveError::Closed { received: 9 })
        ));
    }
}
