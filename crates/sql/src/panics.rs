//! A panic inside of DataFusion or Arrow as an error of the condition or query that it was working on: a text must not be able to end the thread
//! of whoever asked.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::FutureExt;
use kaframe::{Error, ErrorKind, Result, panic_text};

/// The result of a call, which may panic. Nothing that the call was changing is used afterwards.
pub(crate) fn caught<T>(what: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(internal(what, panic.as_ref())))
}

/// The result of a future, which may panic. It is dropped then.
pub(crate) async fn caught_in<T>(what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    let done = AssertUnwindSafe(future).catch_unwind().await;
    done.unwrap_or_else(|panic| Err(internal(what, panic.as_ref())))
}

fn internal(what: &str, panic: &(dyn Any + Send)) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("{what}: the SQL engine panicked: {}", panic_text(panic)),
    )
    .with_hint("this is a bug; please report it with the condition or the query; another way of writing it may work")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_internal_error_with_what_was_asked() {
        let failed = caught::<()>("where: x", || panic!("attempt {}", 1)).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Internal);
        assert_eq!(failed.message(), "where: x: the SQL engine panicked: attempt 1");
        let failed = caught_in::<()>("the query", async { panic!("plain") }).now_or_never();
        let failed = failed.unwrap().unwrap_err();
        assert_eq!(failed.message(), "the query: the SQL engine panicked: plain");
        assert_eq!(caught("x", || Ok(5)).unwrap(), 5);
    }
}
