//! Bounds on SQL text. A chain of operators becomes a tree as deep as it is long, and a tree that is deep enough ends the process when it is walked
//! or let go; so its depth is bounded before anything is built.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use kaframe::{Error, Result};

/// Bytes of a text.
const BYTES: usize = 1 << 20;
/// Operators, of which each may be one step deeper.
const OPERATORS: usize = 800;
/// Dots of one name.
const PATH: usize = 50;

/// An error where the text is too long or nests too deep. A text that cannot be cut into tokens is left to the parser to complain about.
pub(crate) fn check(text: &str, what: &str) -> Result<()> {
    if text.len() > BYTES {
        return Err(Error::config(format!("{what} is longer than {BYTES} bytes")));
    }
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else {
        return Ok(());
    };
    if path_steps(&tokens) > PATH {
        return Err(Error::config(format!("{what} has a name of more than {PATH} parts")));
    }
    let operators = tokens.iter().filter(|token| deepens(token)).count();
    if operators > OPERATORS {
        return Err(
            Error::config(format!("{what} has {operators} operators, more than {OPERATORS}"))
                .with_hint("write many values as a list: x in (1, 2, 3)"),
        );
    }
    Ok(())
}

/// The most dots of one name.
fn path_steps(tokens: &[Token]) -> usize {
    let (mut run, mut most) = (0, 0);
    for token in tokens {
        match token {
            Token::Period => run += 1,
            Token::Word(_) => {}
            _ => run = 0,
        }
        most = most.max(run);
    }
    most
}

fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::SIMILAR
                | Keyword::RLIKE
                | Keyword::REGEXP
                | Keyword::BETWEEN
                | Keyword::AT
                | Keyword::COLLATE
                | Keyword::DIV
                | Keyword::OVERLAPS
                | Keyword::NOTNULL
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::MINUS
                | Keyword::SELECT
                | Keyword::FROM
                | Keyword::JOIN
                | Keyword::LATERAL
                | Keyword::PIVOT
                | Keyword::UNPIVOT
        ),
        // Values, names and what stands between the members of a list go side by side, not deeper.
        Token::Number(..)
        | Token::Comma
        | Token::Period
        | Token::Whitespace(_)
        | Token::RParen
        | Token::RBracket
        | Token::RBrace
        | Token::SemiColon
        | Token::EOF => false,
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::DollarQuotedString(_) => false,
        // The parser itself bounds how deep parentheses nest; subscripts stand in a row, `a[1][1]`, and are counted.
        Token::LParen | Token::LBrace => false,
        _ => true,
    }
}
