use super::*;

/// Log 100..900, high watermark 1000: a hundred offsets are in open transactions.
fn answers() -> BTreeMap<i32, Answers> {
    let one = Answers {
        log_start: 100,
        high_watermark: 1000,
        end: 900,
        ..Answers::default()
    };
    BTreeMap::from([(0, one)])
}

fn resolved(start: &str, end: &str) -> Result<(i64, i64)> {
    let options = ScanOptions::default().start(start)?.end(end)?;
    check_options(&options)?;
    let plan = ranges(0, "t", &answers(), &options)?;
    Ok((plan[0].range.start, plan[0].range.end))
}

fn kind(start: &str, end: &str) -> ErrorKind {
    resolved(start, end).unwrap_err().kind()
}

#[test]
fn integers() {
    assert_eq!(resolved("earliest", "latest").unwrap(), (100, 900));
    assert_eq!(resolved("0", "latest").unwrap(), (100, 900));
    assert_eq!(resolved("100", "300").unwrap(), (100, 300));
    assert_eq!(resolved("-10", "latest").unwrap(), (890, 900));
    assert_eq!(resolved("-10", "-3").unwrap(), (890, 897));
    assert_eq!(resolved("-5000", "latest").unwrap(), (100, 900));
    assert_eq!(resolved("200", "99999").unwrap(), (200, 900));
    assert_eq!(resolved("latest", "latest").unwrap(), (900, 900));
    // Between last stable offset and high watermark there are offsets, only none that may be read yet.
    assert_eq!(resolved("950", "latest").unwrap(), (900, 900));
}

#[test]
fn integers_out_of_range_are_errors() {
    assert_eq!(kind("99", "latest"), ErrorKind::OffsetOutOfRange);
    assert_eq!(kind("1001", "latest"), ErrorKind::OffsetOutOfRange);
    let error = resolved("1732266000000", "latest").unwrap_err();
    assert_eq!(
        error.hint(),
        Some("is this a time in milliseconds? use \"@1732266000000\"")
    );
    let error = resolved("20261120", "latest").unwrap_err();
    assert_eq!(error.hint(), Some("is this a date? use \"2026-11-20\""));
    assert_eq!(resolved("20261320", "latest").unwrap_err().hint(), None);
    assert_eq!(resolved("1001", "latest").unwrap_err().hint(), None);
}

#[test]
fn the_wrong_order_is_an_error() {
    for (start, end) in [
        ("300", "200"),
        ("-5", "-10"),
        ("@2000", "@1000"),
        ("latest", "-1"),
        ("latest", "earliest"),
    ] {
        assert_eq!(kind(start, end), ErrorKind::Config, "{start}..{end}");
    }
}

#[test]
fn an_end_at_or_below_the_log_start_is_empty_and_says_why() {
    let options = ScanOptions::default().end("50").unwrap();
    let plan = ranges(0, "t", &answers(), &options).unwrap();
    assert!(plan[0].range.is_empty());
    assert_eq!(
        plan[0].notes,
        ["nothing to read: the end 50 is at or below the log start offset 100"]
    );
}

#[test]
fn times_are_cut_and_reported() {
    let mut answers = answers();
    let answer = answers.get_mut(&0).unwrap();
    answer.start_time = Some(TimeAnswer {
        offset: Some(100),
        timestamp: Some(5000),
    });
    answer.end_time = Some(TimeAnswer::default());
    answer.late_time = Some(TimeAnswer::default());
    let options = ScanOptions::default().start("@1000").unwrap().end("@9000").unwrap();
    let plan = &ranges(0, "t", &answers, &options).unwrap()[0];
    assert_eq!((plan.range.start, plan.range.end), (100, 900));
    assert_eq!(plan.late_from, Some(900));
    assert_eq!(plan.notes.len(), 2, "{:?}", plan.notes);
    assert_eq!((plan.start_time, plan.end_time), (Some(1000), Some(9000)));
}

#[test]
fn late_decides_how_far_an_end_by_time_looks() {
    let mut answers = answers();
    let answer = answers.get_mut(&0).unwrap();
    answer.end_time = Some(TimeAnswer {
        offset: Some(400),
        timestamp: None,
    });
    answer.late_time = Some(TimeAnswer {
        offset: Some(600),
        timestamp: None,
    });
    let mut options = ScanOptions::default().end("@9000").unwrap();
    let plan = &ranges(0, "t", &answers, &options).unwrap()[0];
    assert_eq!((plan.range.end, plan.late_from), (600, Some(400)));
    options.late = Late::Scan;
    let plan = &ranges(0, "t", &answers, &options).unwrap()[0];
    assert_eq!((plan.range.end, plan.late_from), (900, Some(400)));
}

#[test]
fn a_start_past_one_partition_is_empty_there_only() {
    let mut answers = answers();
    answers.insert(
        1,
        Answers {
            log_start: 0,
            high_watermark: 2000,
            end: 2000,
            ..Answers::default()
        },
    );
    let options = ScanOptions::default().start("1500").unwrap();
    let plan = ranges(0, "t", &answers, &options).unwrap();
    assert!(plan[0].range.is_empty() && !plan[0].notes.is_empty());
    assert_eq!((plan[1].range.start, plan[1].range.end), (1500, 2000));
    let named = BTreeMap::from([(0, Bound::Offset(1500))]);
    let options = ScanOptions::default().start_at(Bounds::PerPartition(named));
    assert_eq!(
        ranges(0, "t", &answers, &options).unwrap_err().kind(),
        ErrorKind::OffsetOutOfRange
    );
}
