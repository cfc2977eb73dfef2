//! The limit of a machine: how fast records of a topic can come through plain sockets when nothing is done but walking the headers of batches.
//!
//! `cargo run --release -p kaframe-wire --example socket_limit SERVER TOPIC PARTITIONS [SOCKETS] [decompress]` asks one broker, which leads all
//! partitions, for 8 MB at a time (Fetch v4, written by hand: nothing is checked that a client must check) and prints a line of JSON. With
//! `decompress` each batch is decompressed into a reused buffer too. Two sockets take half of the partitions each, or half of the only one.
//!
//! Not a client: no metadata, no checksums, no retries. The benchmark measures readers against it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use kaframe_wire::batch::{DEFAULT_MAX_DECOMPRESSED, Scratch, Walk};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const FETCH_BYTES: i32 = 8 << 20;

/// A part of one partition: `[start, end)`.
#[derive(Clone, Copy)]
struct Part {
    partition: i32,
    start: i64,
    end: i64,
}

#[derive(Default, Clone, Copy)]
struct Counted {
    rows: i64,
    bytes: u64,
}

/// A Fetch v4 request for one partition, with its length before it.
fn request(topic: &str, partition: i32, offset: i64, bytes: i32) -> Vec<u8> {
    let mut frame = vec![0; 4];
    frame.extend([0, 1, 0, 4]); // Fetch, v4
    frame.extend([0, 0, 0, 7, 0xff, 0xff]); // correlation id, no client id
    for number in [-1, 500, 1, bytes] {
        frame.extend(i32::to_be_bytes(number)); // replica, max wait, min and max bytes
    }
    frame.push(0); // read_uncommitted
    frame.extend(1_i32.to_be_bytes());
    frame.extend((topic.len() as i16).to_be_bytes());
    frame.extend(topic.as_bytes());
    frame.extend(1_i32.to_be_bytes());
    frame.extend(partition.to_be_bytes());
    frame.extend(offset.to_be_bytes());
    frame.extend(bytes.to_be_bytes());
    let length = (frame.len() - 4) as i32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

fn int(bytes: &[u8], at: usize) -> Result<i32, Failure> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    Ok(i32::from_be_bytes(*four.ok_or("the response is too short")?))
}

fn long(bytes: &[u8], at: usize) -> Result<i64, Failure> {
    let eight = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
    Ok(i64::from_be_bytes(*eight.ok_or("the response is too short")?))
}

/// Receives a response into `buffer`: its high watermark, and where its records begin.
fn receive(socket: &mut TcpStream, buffer: &mut Vec<u8>, topic: &str) -> Result<(i64, usize, usize), Failure> {
    let mut prefix = [0; 4];
    socket.read_exact(&mut prefix)?;
    let length = u32::from_be_bytes(prefix) as usize;
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    socket.read_exact(&mut buffer[..length])?;
    // correlation id, throttle time, one topic, its name, one partition
    let at = 4 + 4 + 4 + 2 + topic.len() + 4;
    let code = int(buffer, at + 4)? >> 16;
    if code != 0 {
        return Err(format!("the broker answers with error {code}").into());
    }
    let high_watermark = long(buffer, at + 6)?;
    let aborted = int(buffer, at + 22)?.max(0) as usize;
    let records = at + 26 + 16 * aborted;
    let size = int(buffer, records)?.max(0) as usize;
    Ok((high_watermark, records + 4, records + 4 + size))
}

/// Reads the parts, one after the other, over a connection of its own.
fn read(server: &str, topic: &str, parts: &[Part], decompress: bool) -> Result<Counted, Failure> {
    let mut socket = TcpStream::connect(server)?;
    socket.set_nodelay(true)?;
    let (mut buffer, mut scratch) = (Vec::new(), Scratch::default());
    let mut counted = Counted::default();
    for part in parts {
        let mut position = part.start;
        socket.write_all(&request(topic, part.partition, position, FETCH_BYTES))?;
        while position < part.end {
            let (_, begin, end) = receive(&mut socket, &mut buffer, topic)?;
            let records = buffer.get(begin..end).ok_or("the response is too short")?;
            let mut batches = 0;
            for batch in Walk::new(records) {
                let header = batch?.header;
                position = header.base_offset + i64::from(header.last_offset_delta) + 1;
                // A first batch may begin before the part, a last one may end behind it.
                let first = header.base_offset.max(part.start);
                counted.rows += (position.min(part.end) - first).max(0);
                batches += 1;
            }
            if batches == 0 {
                return Err(format!("nothing at offset {position} of partition {}", part.partition).into());
            }
            counted.bytes += records.len() as u64;
            if position < part.end {
                socket.write_all(&request(topic, part.partition, position, FETCH_BYTES))?;
            }
            if decompress {
                for batch in Walk::new(records) {
                    batch?.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)?;
                }
            }
        }
    }
    Ok(counted)
}

/// The whole topic in as many shares as there are sockets.
fn shares(server: &str, topic: &str, partitions: i32, sockets: usize) -> Result<Vec<Vec<Part>>, Failure> {
    let mut socket = TcpStream::connect(server)?;
    let mut buffer = Vec::new();
    let mut parts = Vec::new();
    for partition in 0..partitions {
        socket.write_all(&request(topic, partition, 0, 1))?;
        let (end, ..) = receive(&mut socket, &mut buffer, topic)?;
        parts.push(Part {
            partition,
            start: 0,
            end,
        });
    }
    if let ([only], 2) = (parts.as_slice(), sockets) {
        let middle = only.end / 2;
        return Ok(vec![
            vec![Part { end: middle, ..*only }],
            vec![Part { start: middle, ..*only }],
        ]);
    }
    let share = parts.len().div_ceil(sockets);
    Ok(parts.chunks(share).map(<[Part]>::to_vec).collect())
}

/// A number of `/proc/self/status`, in bytes.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// CPU seconds of this process, from the ticks (hundredths of a second) of `/proc/self/stat`.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [server, topic, partitions, rest @ ..] = words.as_slice() else {
        return Err("socket_limit SERVER TOPIC PARTITIONS [SOCKETS] [decompress]".into());
    };
    let sockets = rest.first().map_or(Ok(1), |word| word.parse())?;
    let decompress = rest.get(1).is_some_and(|word| word == "decompress");
    let began = Instant::now();
    let shares = shares(server, topic, partitions.parse()?, sockets)?;
    let counted = std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .iter()
            .map(|parts| scope.spawn(|| read(server, topic, parts, decompress)))
            .collect();
        let mut all = Counted::default();
        for thread in running {
            let one = thread.join().map_err(|_| "a thread panicked")??;
            all.rows += one.rows;
            all.bytes += one.bytes;
        }
        Ok::<_, Failure>(all)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{{\"rows\": {}, \"seconds\": {seconds:.6}, \"cpu_seconds\": {:.3}, \"peak_bytes\": {}, \"wire_bytes\": {}}}",
        counted.rows,
        cpu_seconds(),
        peak_bytes(),
        counted.bytes
    );
    Ok(())
}
