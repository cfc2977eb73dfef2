//! Which of many names a misspelt one was probably meant to be.

/// The names nearest to `wanted`, best first, at most three, and only those near enough that a person may have meant them.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let distance = if name.eq_ignore_ascii_case(wanted) {
                0
            } else {
                edit_distance(wanted, name, allowed)?
            };
            Some((distance, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// How many insertions, deletions, replacements or swaps of neighbours turn one name into the other; `None` if more than `most`.
fn edit_distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_what_was_probably_meant() {
        let topics = ["orders", "order-items", "payments", "Users", "__consumer_offsets"];
        assert_eq!(nearest("odrers", topics), ["orders"]);
        assert_eq!(nearest("order", topics), ["orders"]);
        assert_eq!(nearest("users", topics), ["Users"]);
        assert!(nearest("invoices", topics).is_empty());
    }

    #[test]
    fn counts_edits() {
        assert_eq!(edit_distance("kitten", "sitting", 4), Some(3));
        assert_eq!(edit_distance("ab", "ba", 2), Some(1));
        assert_eq!(edit_distance("", "ab", 2), Some(2));
        assert_eq!(edit_distance("abcdef", "uvwxyz", 4), None);
    }
}
