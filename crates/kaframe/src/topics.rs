//! Which topics a scan reads: by name, or by a pattern with `*` and `?`, which no name of a topic can hold.

use kaframe_client::Client;

use crate::error::{Error, ErrorKind, Result};

/// Topics of a scan, in the order of their rows. Made from a name, a list of names, or names with `*` (any text) and `?` (one character), which stand for
/// all topics that match them, by name; Kafka's own topics are only matched by a pattern that begins as they do, with `_`.
///
/// Where there may be more than one (a list of several, a pattern), rows tell their topic in the column `_topic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    names: Vec<String>,
    several: bool,
}

impl Topics {
    fn new(names: Vec<String>) -> Topics {
        let several = names.len() > 1 || names.iter().any(|name| is_pattern(name));
        Topics { names, several }
    }

    /// Topics that a search found: there might have been more than one, however many they are.
    pub fn found<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Topics {
        Topics {
            several: true,
            ..Topics::new(names.into_iter().map(Into::into).collect())
        }
    }

    /// Whether rows tell their topic.
    pub(crate) fn several(&self) -> bool {
        self.several
    }

    /// The names, each once, with patterns replaced by what they match.
    pub(crate) async fn resolve(&self, client: &Client) -> Result<Vec<String>> {
        if self.names.is_empty() {
            return Err(Error::config("no topic is named"));
        }
        let mut known: Option<Vec<(String, bool)>> = None;
        let mut resolved: Vec<String> = Vec::new();
        for name in &self.names {
            if !is_pattern(name) {
                if resolved.contains(name) {
                    return Err(Error::config(format!("topic {name:?} is named twice")).with_topic(name));
                }
                resolved.push(name.clone());
                continue;
            }
            if known.is_none() {
                let listed = client.topics().await?;
                known = Some(listed.into_iter().map(|topic| (topic.name, topic.internal)).collect());
            }
            let mut matched: Vec<&String> = known
                .iter()
                .flatten()
                .filter(|(known, internal)| (!internal || name.starts_with('_')) && matches(name, known))
                .map(|(known, _)| known)
                .collect();
            if matched.is_empty() {
                let count = known.as_ref().map_or(0, Vec::len);
                return Err(
                    Error::new(ErrorKind::TopicNotFound, format!("no topic matches {name:?}"))
                        .with_topic(name)
                        .with_hint(format!(
                            "there are {count} topics that may be seen; * is any text, ? one character"
                        )),
                );
            }
            matched.sort();
            let new: Vec<String> = matched
                .into_iter()
                .filter(|name| !resolved.contains(name))
                .cloned()
                .collect();
            resolved.extend(new);
        }
        Ok(resolved)
    }
}

impl From<&str> for Topics {
    fn from(name: &str) -> Topics {
        Topics::new(vec![name.to_owned()])
    }
}

impl From<&String> for Topics {
    fn from(name: &String) -> Topics {
        Topics::from(name.as_str())
    }
}

impl From<String> for Topics {
    fn from(name: String) -> Topics {
        Topics::new(vec![name])
    }
}

impl<S: Into<String>> From<Vec<S>> for Topics {
    fn from(names: Vec<S>) -> Topics {
        Topics::new(names.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Topics {
    fn from(names: [S; N]) -> Topics {
        Topics::new(names.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<String> + Clone> From<&[S]> for Topics {
    fn from(names: &[S]) -> Topics {
        Topics::new(names.iter().cloned().map(Into::into).collect())
    }
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a name is what a pattern describes. Goes back to the last `*` only, so it takes no more than length times length.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(one) if *one == b'?' || *one == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (p, n) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("*", "a"),
            ("ord*", "orders"),
            ("*-eu", "a-eu-eu"),
            ("o?d*s", "orders"),
            ("a*b*c", "aXbXbc"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("ord", "orders"),
            ("?", "ab"),
            ("*x", "abc"),
            ("a*b*c", "aXc"),
            ("a?", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn rows_tell_their_topic_where_there_may_be_several() {
        assert!(!Topics::from("orders").several());
        assert!(!Topics::from(["orders"]).several());
        assert!(Topics::from(["orders", "returns"]).several());
        assert!(Topics::from("ord*").several());
        assert!(Topics::found(["orders"]).several());
    }
}
