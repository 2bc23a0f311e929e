//! Certificates for a test, and an authority that vouches for them.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType, SerialNumber,
};

/// An authority nobody knows but the test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

/// What a certificate says.
pub struct Leaf {
    /// The service it is for.
    pub service: &'static str,
    /// Its serial number.
    pub serial: u64,
    /// The year in which it ends.
    pub ends: i32,
}

/// A certificate and its key.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Leaf {
    /// One for a service that holds long enough.
    pub fn of(service: &'static str) -> Self {
        Self {
            service,
            serial: 1,
            ends: 2100,
        }
    }
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name = named("authority of a test");
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(parameters, key),
            pem,
        }
    }

    /// A certificate for loopback and for the name of a service.
    pub fn issue(&self, leaf: &Leaf) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut parameters = CertificateParams::new(names).expect("names");
        let uri = format!("spiffe://banggiao/{}", leaf.service);
        parameters
            .subject_alt_names
            .push(SanType::URI(uri.try_into().expect("a name")));
        parameters.distinguished_name = named(leaf.service);
        parameters.serial_number = Some(SerialNumber::from(leaf.serial));
        parameters.not_before = rcgen::date_time_ymd(2000, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(leaf.ends, 1, 1);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Pair {
    /// Writes `own.pem` and `own.key` into a folder, in place of any that are there.
    pub fn write(&self, folder: &Path) {
        fs::write(folder.join("own.pem"), &self.certificate).expect("a file");
        fs::write(folder.join("own.key"), &self.key).expect("a file");
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
