//! What DataFusion says, said again: what was asked, what is there, what to do. What it says well passes as it is.

/// A message and a hint, of a message of DataFusion without its prefixes; `None` where there is nothing to do better.
pub(crate) fn of(text: &str) -> Option<(String, Option<String>)> {
    signature(text)
        .or_else(|| arguments(text))
        .or_else(|| coercion(text))
        .or_else(|| arithmetic(text))
        .or_else(|| grouping(text))
        .or_else(|| value(text))
        .or_else(|| unsupported(text))
        .or_else(|| {
            let plainer = plain(text);
            (plainer != text).then_some((plainer, None))
        })
}

/// `Function 'sum' failed to match any signature, errors: ... requires Int64, but received String (DataType: LargeUtf8)., ...`
fn signature(text: &str) -> Option<(String, Option<String>)> {
    let (_, rest) = text.split_once("Function '")?;
    let (name, rest) = rest.split_once("' failed to match any signature")?;
    let (_, received) = rest.split_once("(DataType: ")?;
    let (received, _) = received.split_once(").").or_else(|| received.split_once(')'))?;
    let mut taken: Vec<&str> = Vec::new();
    for part in rest.split("' requires ").skip(1) {
        let kind = part.split(", but received").next().unwrap_or(part);
        if !taken.contains(&kind) {
            taken.push(kind);
        }
    }
    let received = kind(received);
    let hint = match (received.starts_with("text"), taken.is_empty()) {
        (true, _) => format!("text that holds numbers can be cast: {name}(try_cast(x as double))"),
        (false, false) => format!("it takes {}", taken.join(", ")),
        (false, true) => return Some((format!("{name}() does not take {received}"), None)),
    };
    Some((format!("{name}() does not take {received}"), Some(hint)))
}

/// `Function 'upper' expects 1 arguments but received 2. ... Candidate functions:`
fn arguments(text: &str) -> Option<(String, Option<String>)> {
    let (_, rest) = text.split_once("Function '")?;
    let (name, rest) = rest.split_once("' expects ")?;
    let (wanted, rest) = rest.split_once(" arguments but received ")?;
    let given: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let arguments = if wanted == "1" { "argument" } else { "arguments" };
    Some((
        format!("{name}() takes {wanted} {arguments} and got {given}"),
        candidates(text),
    ))
}

/// `Failed to coerce arguments to satisfy a call to 'nvl' function: ...` and `No function matches the given name and argument types 'nvl(Int64)'`
fn coercion(text: &str) -> Option<(String, Option<String>)> {
    let (_, call) = text.split_once("the given name and argument types '")?;
    let (call, _) = call.split_once('\'')?;
    let (name, given) = call.trim_end_matches(')').split_once('(')?;
    let given: Vec<String> = split_types(given).into_iter().map(kind).collect();
    let message = match given.as_slice() {
        [] => format!("{name}() without arguments makes no sense"),
        given => format!("{name}() does not take {}", given.join(", ")),
    };
    Some((message, candidates(text)))
}

/// The ways in which a function may be called, where they can be read.
fn candidates(text: &str) -> Option<String> {
    let (_, candidates) = text.split_once("Candidate functions:")?;
    let lines: Vec<&str> = candidates
        .split(['\n', '\t'])
        .flat_map(|line| line.split("\\t"))
        .map(str::trim)
        .filter(|line| line.ends_with(')') && line.len() < 100)
        .take(4)
        .collect();
    (!lines.is_empty()).then(|| format!("it is {}", lines.join(" or ")))
}

/// `Cannot coerce arithmetic expression Int64 + LargeUtf8 to valid types`
fn arithmetic(text: &str) -> Option<(String, Option<String>)> {
    let (_, rest) = text.split_once("Cannot coerce arithmetic expression ")?;
    let (expression, _) = rest.split_once(" to valid types")?;
    let operator = [" + ", " - ", " * ", " / ", " % "]
        .into_iter()
        .find(|op| expression.contains(op))?;
    let (left, right) = expression.split_once(operator)?;
    let message = format!("{} {}{operator}{}", "there is no", kind(left), kind(right));
    Some((
        message,
        Some("cast one of them: try_cast(x as double); text is joined with ||".to_owned()),
    ))
}

/// `... column "t.id" must appear in the GROUP BY clause or must be part of an aggregate function, ...`
fn grouping(text: &str) -> Option<(String, Option<String>)> {
    if let Some((before, _)) = text.split_once("\" must appear in the GROUP BY clause") {
        let (_, column) = before.rsplit_once("column \"")?;
        let hint = "name it in group by, or take one value of each group: min(x), max(x), first_value(x)";
        return Some((
            format!("the column {column} is neither in group by nor in an aggregate such as sum()"),
            Some(hint.to_owned()),
        ));
    }
    let rest = text.strip_prefix("HAVING clause references: ")?;
    let (expression, _) = rest.split_once(" must appear in the GROUP BY")?;
    Some((
        format!(
            "having {}: what it compares is neither in group by nor in an aggregate such as sum()",
            plain(expression)
        ),
        Some("conditions on single rows go into where".to_owned()),
    ))
}

/// Values that are not what they should be.
fn value(text: &str) -> Option<(String, Option<String>)> {
    let hint = |text: &str| Some(text.to_owned());
    if let Some(rest) = text.split("Cannot cast string '").nth(1)
        && let Some((value, rest)) = rest.rsplit_once("' to value of ")
    {
        let wanted = rest.split(" type").next().unwrap_or(rest);
        return Some((
            format!("the text '{value}' is not {}", kind(wanted)),
            hint("try_cast gives null where a cast fails; text is compared with text in single quotes: x = '1'"),
        ));
    }
    if text.contains("Divide by zero") {
        return Some((
            "a division by zero".to_owned(),
            hint("x / nullif(y, 0) gives null there; case when y <> 0 then x / y end guards it"),
        ));
    }
    if let Some((_, rest)) = text.split_once("Error parsing timestamp from '") {
        let (value, _) = rest.split_once("': ").unwrap_or((rest, ""));
        return Some((
            format!("the text '{value}' is no time"),
            hint("times are '2026-11-20', '2026-11-20T13:00:00Z', or now() - interval '1 day'"),
        ));
    }
    if let Some((_, rest)) = text.split_once("Invalid input syntax for type interval: ") {
        return Some((
            format!("{rest} is no interval"),
            hint("interval '1 day', interval '90 minutes'"),
        ));
    }
    if let Some((_, rest)) = text.split_once("Regular expression did not compile") {
        let reason = rest.rsplit("error: ").next().and_then(|reason| reason.lines().next());
        return Some((
            format!(
                "the regular expression is wrong: {}",
                reason.unwrap_or("no reason is given")
            ),
            None,
        ));
    }
    if let Some((_, rest)) = text.split_once(": type ")
        && text.starts_with("Cannot access field")
    {
        let given = rest.split(" is not ").next().unwrap_or(rest);
        return Some((format!("{} has no fields", kind(given)), None));
    }
    None
}

/// What the planner has no place for, which it names by a dump of the parser's tree.
fn unsupported(text: &str) -> Option<(String, Option<String>)> {
    if let Some((_, rest)) = text.split_once("Unsupported ast node ") {
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        return Some((
            format!("the query has {}, which is not supported", name.to_uppercase()),
            Some("say it with select, where, group by and case".to_owned()),
        ));
    }
    let dump = ["Ident {", "Span(", "span: ", "Identifier("]
        .into_iter()
        .any(|sign| text.contains(sign));
    if !dump {
        return None;
    }
    let end = [" {", ": Ident", ", got: ", "(Ident", "Identifier("]
        .into_iter()
        .filter_map(|sign| text.find(sign))
        .min()?;
    // The name of a node of the tree stands before its fields.
    let kept = text[..end].trim_end();
    let kept = kept
        .rsplit_once(' ')
        .filter(|(_, last)| last.starts_with(char::is_uppercase))
        .map_or(kept, |(kept, _)| kept);
    Some((kept.to_owned(), None))
}

/// Literals as they are written: `Int64(3)` is 3, `Utf8("a")` is 'a'.
pub(crate) fn plain(text: &str) -> String {
    const TYPES: [&str; 17] = [
        "UInt64(",
        "UInt32(",
        "UInt16(",
        "UInt8(",
        "Int64(",
        "Int32(",
        "Int16(",
        "Int8(",
        "Float64(",
        "Float32(",
        "LargeUtf8(",
        "Utf8View(",
        "Utf8(",
        "Boolean(",
        "Date32(",
        "Decimal128(",
        "Binary(",
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let behind_name = out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '"'));
        let found = TYPES.into_iter().find(|kind| !behind_name && rest.starts_with(kind));
        let literal = found.and_then(|kind| {
            let inside = &rest[kind.len()..];
            if let Some(quoted) = inside.strip_prefix('"') {
                let end = quoted.find("\")")?;
                return Some((format!("'{}'", &quoted[..end]), &quoted[end + 2..]));
            }
            let end = inside.find(')')?;
            let value = &inside[..end];
            let simple = value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+'));
            let value = if value == "NULL" { "null" } else { value };
            (simple && !value.is_empty()).then(|| (value.to_owned(), &inside[end + 1..]))
        });
        match literal {
            Some((value, behind)) => {
                out.push_str(&value);
                rest = behind;
            }
            None => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// Types between the commas that are not inside of parentheses.
fn split_types(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// A type in words.
fn kind(name: &str) -> String {
    let name = name.trim();
    let words = match name {
        "Utf8" | "LargeUtf8" | "Utf8View" => "text",
        "Int8" | "Int16" | "Int32" | "Int64" | "UInt8" | "UInt16" | "UInt32" | "UInt64" => "a whole number",
        "Float16" | "Float32" | "Float64" => "a number",
        "Boolean" => "true or false",
        "Date32" | "Date64" => "a date",
        "Binary" | "LargeBinary" | "BinaryView" => "bytes",
        "Null" => "null",
        name if name.starts_with("Timestamp") => "a time",
        name if name.starts_with("Duration") || name.starts_with("Interval") => "an interval",
        name if name.starts_with("Decimal") => "a decimal",
        name if name.starts_with("List") || name.starts_with("LargeList") => "a list",
        name if name.starts_with("Struct") => "an object",
        name => return name.to_owned(),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn literals_lose_their_types() {
        assert_eq!(plain("CAST(a AS Int64) > Int64(-3)"), "CAST(a AS Int64) > -3");
        assert_eq!(plain(r#"a = Utf8("x") or b = Utf8View("")"#), "a = 'x' or b = ''");
        assert_eq!(plain("f(Int64(NULL)) or MyInt64(3)"), "f(null) or MyInt64(3)");
        assert_eq!(plain("Int64("), "Int64(");
    }
}
