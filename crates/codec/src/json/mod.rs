//! Format `json`: JSON documents (RFC 8259) straight into growing Arrow columns, in one pass, without a tree in between.
//!
//! Types are inferred as values come: a column starts as null and widens (module `drift`). Objects give one column per key,
//! anything else one column `value`. A malformed document leaves no row, no key and no wider type. With a fixed shape, and
//! for top-level keys beyond the limit, what does not fit goes to `_extra` (module `extra`).
//!
//! Not here: dates, numbers or anything else inside strings; strings stay strings.

mod array;
mod check;
mod column;
mod drift;
mod extra;
mod fields;
mod guesses;
mod keys;
mod lead;
mod number;
mod object;
mod scan;
mod select;
mod skim;
pub(crate) mod strings;
mod text;
mod utf8;
mod value;

use std::ops::Range;
use std::sync::Arc;

use self::check::{Checker, after_bom};
use self::column::{Column, Data};
use self::object::Object;
use self::scan::input::AHEAD;
pub(crate) use self::scan::input::Input;
pub(crate) use self::scan::kernel::Level;
use self::select::Selection;
use self::value::{Append, Parser, State, Stop};
use crate::{Columns, Decoder, DecoderOptions, EXTRA, Ready, Shape, StructShape, TopLevel, VALUE, ValueError};

/// Whether `data` is a JSON object or array, checked in full.
pub(crate) fn is_object_or_array(data: &[u8]) -> bool {
    matches!(first(data), Some(b'{' | b'[')) && Checker::default().document(data).is_ok()
}

/// Whether `data` is a JSON object, if it is JSON.
pub(crate) fn starts_an_object(data: &[u8]) -> bool {
    first(data) == Some(b'{')
}

/// The first byte of the document.
fn first(data: &[u8]) -> Option<u8> {
    data.get(scan::skip_space(data, after_bom(data))).copied()
}

/// Checks that `data` is one JSON document; the special floats pass.
pub(crate) fn check(data: &[u8]) -> Result<(), ValueError> {
    Checker::default().document(data)
}

/// The position of the first byte from `at` on that a JSON string must escape, or the end of the data.
pub(crate) fn plain_run(data: &[u8], at: usize) -> usize {
    scan::plain_run(data, at).0
}

/// Decodes JSON documents.
pub(crate) struct JsonDecoder {
    root: Column,
    /// What did not fit, as JSON text; shorter than the root until it is needed.
    extra: Column,
    selection: Option<Selection>,
    /// The shape that never changes.
    fixed: Option<Shape>,
    top: TopLevel,
    state: State,
    special: u64,
    /// A value with zeros behind it.
    copy: Vec<u8>,
}

/// The largest copy of a value whose memory is kept for the next.
const KEPT_COPY: usize = 1 << 20;

impl JsonDecoder {
    pub(crate) fn new(options: &DecoderOptions) -> Self {
        Self::on(Level::default(), options)
    }

    /// A decoder that uses the instructions of `level`.
    pub(crate) fn on(level: Level, options: &DecoderOptions) -> Self {
        let start = options.start.clone().unwrap_or(Shape::Null);
        let start = match &options.select {
            None => start,
            Some(names) => Shape::Struct(selected(&start, names)),
        };
        let start = if options.fixed { fixed_top(start) } else { start };
        let selection = options.select.as_deref().map(|names| {
            let mut distinct: Vec<String> = Vec::new();
            for name in names {
                if !distinct.contains(name) {
                    distinct.push(name.clone());
                }
            }
            Selection::new(&distinct, options.no_further)
        });
        let mut state = State {
            fixed: options.fixed,
            strict: options.strict,
            selection: selection.clone(),
            level,
            ..State::default()
        };
        state.checker.strict = options.strict;
        Self {
            root: Column::of_shape(&start, options.capacity_rows),
            extra: Column::of_shape(&Shape::JsonText, 0),
            selection,
            fixed: options.fixed.then_some(start),
            top: options.top,
            state,
            special: 0,
            copy: Vec::new(),
        }
    }

    /// Appends the value as a row, or as part of one.
    fn append(&mut self, input: Input<'_>) -> Result<(), Stop> {
        let data = input.data();
        let mut at = 0;
        if input.byte(0) != b'{' {
            at = scan::skip_space(data, after_bom(data));
            if self.top == TopLevel::Objects && !matches!(input.byte(at), b'{' | b'n') {
                return Err(Stop::Malformed);
            }
        }
        let level = self.state.level;
        let mut parser = Parser {
            input,
            state: &mut self.state,
        };
        let parser = &mut parser;
        let column = &mut self.root;
        let end = match (&mut self.selection, &mut column.data) {
            (Some(selection), Data::Struct(fields)) => {
                let (end, whole) = selection.decode(parser, fields, column.rows, at)?;
                column.close();
                // The rest is nobody's business, as long as what was read is the value's own.
                if whole || end > input.end() { end } else { input.end() }
            }
            (None, Data::Struct(_)) if input.byte(at) == b'{' => level.run(Object {
                parser,
                column,
                at,
                depth: 0,
            })?,
            _ => level.run(Append {
                parser,
                column,
                at,
                depth: 0,
            })?,
        };
        // What was read behind the value's end was not its own: then it is malformed.
        if end == input.end() || (end < input.end() && scan::skip_space(input.value(), end) == input.end()) {
            Ok(())
        } else {
            Err(Stop::Malformed)
        }
    }

    /// Appends the value.
    fn take(&mut self, input: Input<'_>) -> Result<(), ValueError> {
        self.state.extra.clear();
        self.state.special = 0;
        self.state.checked = false;
        self.state.arrays = 0;
        let rows = self.root.rows;
        if self.append(input).is_err() {
            self.root.truncate(rows);
            return Err(self.reason(input.value()));
        }
        if self.state.special > 0 {
            self.special += self.state.special;
        }
        if !self.state.extra.is_empty() {
            self.keep_extra(rows, input.value());
        }
        Ok(())
    }

    #[inline(never)]
    fn keep_extra(&mut self, row: usize, value: &[u8]) {
        self.extra.pad_to(row);
        if let Data::Text(text) = &mut self.extra.data {
            self.state.extra.write(value, &mut text.data);
            text.close();
        }
        self.extra.close();
    }

    /// Appends a value that has nothing behind it to read, or is no bracket and would go on in it: from a copy with zeros
    /// behind, which end whatever they follow.
    #[inline(never)]
    fn take_copy(&mut self, value: &[u8]) -> Result<(), ValueError> {
        let mut copy = std::mem::take(&mut self.copy);
        copy.clear();
        copy.extend_from_slice(value);
        copy.resize(value.len() + AHEAD, 0);
        let result = match Input::new(&copy) {
            Some(input) => self.take(input),
            None => Err(ValueError::new(0, "not decodable")),
        };
        if copy.capacity() > KEPT_COPY {
            copy = Vec::new();
        }
        self.copy = copy;
        result
    }

    /// Why a value was refused: what the checker says, whatever columns there were.
    #[cold]
    fn reason(&mut self, data: &[u8]) -> ValueError {
        match (self.state.checker.document(data), self.top) {
            (Err(error), _) => error,
            (Ok(()), TopLevel::Objects) => {
                let start = scan::skip_space(data, after_bom(data));
                let kind = match data.get(start) {
                    Some(b'[') => "array",
                    Some(b'"') => "string",
                    Some(b't' | b'f') => "boolean",
                    _ => "number",
                };
                ValueError::new(start, format!("a JSON {kind} where this topic's records are objects"))
            }
            (Ok(()), TopLevel::Any) => {
                debug_assert!(false, "the decoder refused what the checker accepts");
                ValueError::new(0, "not decodable")
            }
        }
    }
}

impl Decoder for JsonDecoder {
    fn push(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.take_copy(value)
    }

    fn push_within(&mut self, buffer: &[u8], value: Range<usize>) -> Result<(), ValueError> {
        if matches!(buffer.get(value.start), Some(b'{' | b'['))
            && let Some(input) = Input::before_others(buffer, &value)
        {
            return self.take(input);
        }
        self.take_copy(&buffer[value])
    }

    fn push_null(&mut self) {
        self.push_nulls(1);
    }

    fn push_nulls(&mut self, count: usize) {
        self.root.pad_to(self.root.rows + count);
    }

    fn expect(&mut self, more: usize, ready: Ready) {
        self.root.expect(more, ready);
    }

    fn len(&self) -> usize {
        self.root.rows
    }

    fn allocated_bytes(&self) -> usize {
        self.root.allocated_bytes(self.root.rows) + self.extra.allocated_bytes(self.extra.rows)
    }

    fn shape(&self) -> Shape {
        self.fixed.clone().unwrap_or_else(|| self.root.shape())
    }

    fn needs_replay(&self) -> bool {
        self.state.lost
    }

    fn special_floats(&self) -> u64 {
        self.special
    }

    fn finish(&mut self) -> Columns {
        let shape = self.shape();
        let rows = self.root.rows;
        self.state.lost = false;
        let (mut fields, mut arrays, mut has_extra) = (Vec::new(), Vec::new(), self.fixed.is_some());
        match (&mut self.root.data, &shape) {
            (Data::Null, _) => {}
            (Data::Struct(columns), Shape::Struct(inner)) => {
                has_extra |= inner.overflow();
                arrays = columns.finish(rows, inner);
                fields.extend(
                    inner
                        .iter()
                        .map(|(name, field)| Arc::new(field.field(&Columns::column_name(name, has_extra)))),
                );
            }
            _ => {
                arrays.push(self.root.finish(rows, &shape));
                fields.push(Arc::new(shape.field(VALUE)));
            }
        }
        self.root.rows = 0;
        self.root.valid.take(rows);
        if has_extra {
            arrays.push(self.extra.finish(rows, &Shape::JsonText));
            fields.push(Arc::new(Shape::JsonText.field(EXTRA)));
        }
        Columns {
            shape,
            fields,
            arrays,
            rows,
            has_extra,
        }
    }
}

/// The shapes of the selected names: of a field, else of the field at the path.
fn selected(shape: &Shape, names: &[String]) -> StructShape {
    let mut fields = StructShape::new();
    for name in names {
        let found = match shape {
            Shape::Struct(all) => at_path(all, name).cloned(),
            // Values that are no objects count as objects with one key.
            other if name == VALUE => Some(other.clone()),
            _ => None,
        };
        fields.set(name, found.unwrap_or(Shape::Null));
    }
    fields
}

fn at_path<'a>(fields: &'a StructShape, name: &str) -> Option<&'a Shape> {
    if let Some(shape) = fields.get(name) {
        return Some(shape);
    }
    let (key, rest) = name.split_once('.')?;
    match fields.get(key)? {
        Shape::Struct(inner) => at_path(inner, rest),
        _ => None,
    }
}

/// The shape of a stream's value. Without a field yet it is an object whose keys all go to `_extra`.
fn fixed_top(shape: Shape) -> Shape {
    match shape {
        Shape::Null => Shape::Struct(StructShape::new()),
        Shape::Struct(fields) => Shape::Struct(fixed_fields(&fields)),
        other => fixed(&other),
    }
}

/// Objects that never had a key are JSON text, which takes any value.
fn fixed(shape: &Shape) -> Shape {
    match shape {
        Shape::Struct(fields) if fields.is_empty() => Shape::JsonText,
        Shape::Struct(fields) => Shape::Struct(fixed_fields(fields)),
        Shape::List(item) => Shape::List(Box::new(fixed(item))),
        other => other.clone(),
    }
}

fn fixed_fields(fields: &StructShape) -> StructShape {
    let mut result = StructShape::new();
    for (name, shape) in fields.iter() {
        result.set(name, fixed(shape));
    }
    if fields.overflow() {
        result.set_overflow();
    }
    result
}
