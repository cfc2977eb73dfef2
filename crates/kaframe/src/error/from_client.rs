//! Errors of the client become errors of this crate.

use kaframe_client::ClientError;

use super::{Error, ErrorKind};

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Error {
        Error::new(ErrorKind::Protocol, error.to_string())
    }
}
