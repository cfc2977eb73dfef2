//! Patterns of names as shells have them: `*` any characters, `?` one, `[a-z]` one of these, `[!a-z]` none of these.

/// Whether a text has anything of a pattern in it.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a name fits a pattern.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where to go on when what follows the last star does not fit: one character further.
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while in_name < name.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, in_name));
            at += 1;
        } else if let Some(length) = one(&pattern[at..], name[in_name]) {
            at += length;
            in_name += 1;
        } else if let Some((behind, from)) = star {
            at = behind + 1;
            in_name = from + 1;
            star = Some((behind, in_name));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// How much of the pattern fits one character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => class(pattern, c).or_else(|| (c == '[' && !pattern.contains(&']')).then_some(1)),
        other => (*other == c).then_some(1),
    }
}

fn class(pattern: &[char], c: char) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let from = if negated { 2 } else { 1 };
    // A bracket that comes first is one of the characters.
    let end = from + 1 + pattern.get(from + 1..)?.iter().position(|c| *c == ']')?;
    let set = &pattern[from..end];
    let mut index = 0;
    let mut found = false;
    while index < set.len() {
        if index + 2 < set.len() && set[index + 1] == '-' {
            found |= (set[index]..=set[index + 2]).contains(&c);
            index += 3;
        } else {
            found |= set[index] == c;
            index += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("ord*", "orders"),
            ("*", ""),
            ("*.v1", "orders.v1"),
            ("a*b*c", "a-xb-yc"),
            ("a**c", "ac"),
            ("?rders", "orders"),
            ("orders-[0-9]", "orders-7"),
            ("orders-[!0-9]", "orders-x"),
            ("[]]x", "]x"),
            ("orders", "orders"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("ord*", "reorders"),
            ("?", ""),
            ("orders-[0-9]", "orders-x"),
            ("orders-[0-9]", "orders-"),
            ("a*b", "a-b-c"),
            ("orders", "orders2"),
            ("", "x"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(is_pattern("a*") && !is_pattern("a.b-c_d"));
    }
}
