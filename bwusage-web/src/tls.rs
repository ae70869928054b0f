//! Encryption with a certificate and its key, read again when the files change.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject as _},
        },
    },
};

/// How often the files are looked at: a renewed certificate is in use after so long.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Why there is no encryption.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("cannot read {what} from {}: a PEM file is needed", path.display())]
    Pem { what: &'static str, path: PathBuf, source: pem::Error },
    /// No certificate at all.
    #[error("there is no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// Another's key, most likely.
    #[error("the certificate and the key do not work together")]
    Mismatch(#[source] rustls::Error),
}

/// A certificate and its key.
#[derive(Debug)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    written: [Option<SystemTime>; 2],
    looked_at: Instant,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// Fails when one cannot be read, and when they do not belong together.
    pub(crate) fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let written = written(&certificate, &key);
        let config = Arc::new(read(&certificate, &key)?);
        let current = Mutex::new(Current { config, written, looked_at: Instant::now() });
        Ok(Self { certificate, key, current })
    }

    /// What takes the next connection. New files that cannot be used are named on standard error, and the old ones stay
    /// in use.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() >= LOOK_EVERY {
            current.looked_at = Instant::now();
            self.look(&mut current);
        }
        TlsAcceptor::from(Arc::clone(&current.config))
    }

    fn look(&self, current: &mut Current) {
        let written = written(&self.certificate, &self.key);
        if written == current.written {
            return;
        }
        match read(&self.certificate, &self.key) {
            Ok(config) => (current.config, current.written) = (Arc::new(config), written),
            // Tried again at the next look: the other file may be written yet.
            Err(error) => eprintln!("bwusage-web: the old certificate stays in use: {error}"),
        }
    }
}

fn written(certificate: &PathBuf, key: &PathBuf) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<ServerConfig, TlsError> {
    let failed = |what, path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::Pem { what, path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(failed("a certificate", certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed("a private key", key))?;
    let versions = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Mismatch)?;
    let mut config =
        versions.with_no_client_auth().with_single_cert(chain, key).map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_certificate_is_taken_into_use_and_a_broken_one_is_not() {
        let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("crt"), folder.path().join("key"));
        let put = |name: &str| {
            fs::copy(data.join(format!("{name}.crt")), &certificate).unwrap();
            fs::copy(data.join(format!("{name}.key")), &key).unwrap();
        };
        put("first");
        let tls = Tls::open(certificate.clone(), key.clone()).unwrap();
        let look_now = || {
            let mut current = tls.current.lock().unwrap();
            // As if the files had been written at another time: the clock of the file system may be coarse.
            current.written = [None, None];
            tls.look(&mut current);
            Arc::clone(&current.config)
        };
        let first = Arc::clone(&tls.current.lock().unwrap().config);
        fs::write(&certificate, "not a certificate").unwrap();
        assert!(Arc::ptr_eq(&look_now(), &first), "half a renewal");
        put("second");
        assert!(!Arc::ptr_eq(&look_now(), &first));
    }
}
