//! The certificate that connections are encrypted with.

use std::sync::{Arc, PoisonError, RwLock};

use deeplog::{Error, Result};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;

/// A certificate with its key. It can be read again while connections go on.
pub struct Tls {
    files: TlsConfig,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, holds something else, or they do not belong together.
    pub fn open(files: &TlsConfig) -> Result<Self> {
        Ok(Self {
            current: RwLock::new(read(files)?),
            files: files.clone(),
        })
    }

    /// Reads the files again. Connections that are open keep the old certificate.
    ///
    /// # Errors
    /// As [`Tls::open`]; the old certificate stays then.
    pub fn reload(&self) -> Result<()> {
        let new = read(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(current.clone())
    }
}

fn read(files: &TlsConfig) -> Result<Arc<ServerConfig>> {
    let TlsConfig { certificate, key } = files;
    let unreadable = |path: &std::path::Path, error: pem::Error| match error {
        pem::Error::Io(error) => Error::io("read", path)(error),
        error => Error::run(
            format!("{} holds no PEM of the right kind: {error}", path.display()),
            "give a certificate and its private key as PEM files",
        ),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| {
            if chain.is_empty() {
                Err(pem::Error::NoItemsFound)
            } else {
                Ok(chain)
            }
        })
        .map_err(|error| unreadable(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let unfit = |error: rustls::Error| {
        Error::run(
            format!(
                "{} and {} cannot be used: {error}",
                certificate.display(),
                key.display()
            ),
            "give a certificate and the private key that belongs to it",
        )
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
