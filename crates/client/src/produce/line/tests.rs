//! The rules of a line, one by one, and a broker that does anything it likes.

use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{BatchBuilder, Compression, Walk};
use tokio::sync::oneshot::Receiver;

use super::*;

const WHO: Identity = Identity { id: 7, epoch: 0 };

fn parcel(records: usize) -> (Parcel, Receiver<Result<Produced>>) {
    let mut batch = BatchBuilder::new(Compression::None);
    (0..records).for_each(|_| batch.push(0, None, Some(b"x"), &[]));
    let (reply, answer) = oneshot::channel();
    (Parcel::new(batch.seal().unwrap(), reply), answer)
}

fn filled(parcels: usize) -> (Line, Vec<Receiver<Result<Produced>>>) {
    let mut line = Line::new("foo", 0);
    let answers = (0..parcels).map(|_| {
        let (parcel, answer) = parcel(10);
        line.push(parcel);
        answer
    });
    let answers = answers.collect();
    (line, answers)
}

fn sequence(bytes: &[u8]) -> i32 {
    let batch = Walk::new(bytes).next().unwrap().unwrap();
    batch.header.base_sequence
}

fn written(offset: i64) -> Answer {
    Answer::Written {
        base_offset: offset,
        log_append_time: None,
    }
}

fn refused(code: ErrorCode) -> ClientError {
    ClientError::Broker {
        code,
        api: "Produce v13".into(),
        topic: None,
        partition: None,
        broker: "b".into(),
        message: String::new(),
    }
}

fn again(in_doubt: bool) -> Answer {
    Answer::Again {
        error: refused(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        in_doubt,
    }
}

fn out_of_order() -> Answer {
    Answer::Final {
        error: refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        in_doubt: false,
    }
}

/// Sends all that may go; the sequence numbers that went out.
fn send_all(line: &mut Line, load: &mut u64) -> Vec<i32> {
    let mut sent = Vec::new();
    while line.ready().is_some() {
        sent.push(sequence(&line.send(*load, WHO).unwrap()));
        *load += 1;
    }
    sent
}

#[test]
fn the_first_goes_alone_and_then_five_at_once() {
    let (mut line, _answers) = filled(10);
    let mut load = 0;
    assert_eq!(send_all(&mut line, &mut load), [0]);
    assert_eq!(line.answered(0, written(0)), Next::Progress);
    assert_eq!(send_all(&mut line, &mut load), [10, 20, 30, 40, 50]);
    assert_eq!(line.answered(1, written(10)), Next::Progress);
    assert_eq!(send_all(&mut line, &mut load), [60]);
}

#[test]
fn after_a_failure_the_same_go_out_again_in_order_and_alone() {
    let (mut line, mut answers) = filled(5);
    let mut load = 0;
    send_all(&mut line, &mut load);
    line.answered(0, written(0));
    assert_eq!(send_all(&mut line, &mut load), [10, 20, 30, 40]);
    assert!(matches!(line.answered(1, again(false)), Next::Retry(_)));
    assert_eq!(line.ready(), None, "three are still on their way");
    for load in 2..5 {
        assert_eq!(line.answered(load, out_of_order()), Next::GoOn);
    }
    assert_eq!(send_all(&mut line, &mut load), [10]);
    line.answered(5, written(10));
    assert_eq!(send_all(&mut line, &mut load), [20, 30, 40]);
    for load in 6..9 {
        line.answered(load, written(20));
    }
    assert!(line.is_idle());
    assert!(answers.iter_mut().all(|answer| answer.try_recv().unwrap().is_ok()));
}

#[test]
fn the_end_of_one_settles_those_behind_it_by_what_is_known() {
    let (mut line, mut answers) = filled(5);
    let mut load = 0;
    send_all(&mut line, &mut load);
    line.answered(0, written(0));
    send_all(&mut line, &mut load);
    // The oldest is refused for good, the next may be in the log, the third is not, the fourth was sent and comes back unwritten.
    let refusal = Answer::Final {
        error: refused(ErrorCode::INVALID_RECORD),
        in_doubt: false,
    };
    line.answered(1, refusal);
    line.answered(2, again(true));
    line.answered(3, again(false));
    assert!(answers[1].try_recv().is_err(), "not before all are back");
    line.answered(4, out_of_order());
    let mut error = |index: usize| answers[index].try_recv().unwrap().unwrap_err();
    assert!(matches!(error(1), ClientError::Broker { .. }));
    assert!(matches!(error(2), ClientError::UnknownOutcome { records: 10, .. }));
    assert!(matches!(error(3), ClientError::HeldBack { .. }));
    assert!(matches!(error(4), ClientError::HeldBack { .. }));
    // What is in the log is not known any more.
    line.mend();
    let (parcel, mut answer) = parcel(1);
    line.push(parcel);
    assert!(matches!(
        answer.try_recv().unwrap(),
        Err(ClientError::UnknownOutcome { .. })
    ));
}

#[test]
fn a_line_that_is_mended_takes_the_number_of_what_was_not_written() {
    let (mut line, mut answers) = filled(2);
    let mut load = 0;
    send_all(&mut line, &mut load);
    let too_large = ClientError::TooLarge {
        topic: "foo".into(),
        partition: 0,
        size: 1,
        limit: "x".into(),
    };
    line.answered(
        0,
        Answer::Final {
            error: too_large,
            in_doubt: false,
        },
    );
    assert!(matches!(
        answers[0].try_recv().unwrap(),
        Err(ClientError::TooLarge { .. })
    ));
    assert!(matches!(
        answers[1].try_recv().unwrap(),
        Err(ClientError::HeldBack { .. })
    ));
    let (before, mut answer) = parcel(1);
    line.push(before);
    assert!(matches!(answer.try_recv().unwrap(), Err(ClientError::HeldBack { .. })));
    line.mend();
    let (after, _answer) = parcel(3);
    line.push(after);
    assert_eq!(send_all(&mut line, &mut load), [0]);
}

#[test]
fn what_was_sent_is_unknown_when_the_producer_is_closed() {
    let (mut line, mut answers) = filled(2);
    let mut load = 0;
    send_all(&mut line, &mut load);
    line.abandon("closed");
    assert!(matches!(
        answers[0].try_recv().unwrap(),
        Err(ClientError::UnknownOutcome { .. })
    ));
    assert!(matches!(
        answers[1].try_recv().unwrap(),
        Err(ClientError::HeldBack { .. })
    ));
}
