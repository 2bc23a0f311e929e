//! Who stands behind a connection, by the certificate that it was opened with.
//!
//! It knows the names in a certificate that was verified already, and not what they allow.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The certificate of whoever opened the connection on which a call came, verified against the configured authority.
/// It stands in the extensions of every request of such a connection, and of no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The names it is for: DNS names, then URIs, each kind as it stands in the certificate. Empty if it has none.
    pub names: Arc<[String]>,
}

impl PeerCertificate {
    /// From a certificate that was verified; nothing is verified here.
    #[must_use]
    pub fn of(verified: &CertificateDer<'_>) -> Self {
        let names = EndEntityCert::try_from(verified).map_or_else(
            |_malformed| Vec::new(),
            |certificate| {
                let names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
                names.map(str::to_owned).collect()
            },
        );
        Self { names: names.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_and_uris_are_its_names() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(["gateway.example".to_owned()]).unwrap();
        let uri = "spiffe://banggiao/gateway".try_into().unwrap();
        parameters.subject_alt_names.push(rcgen::SanType::URI(uri));
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        parameters.subject_alt_names.push(rcgen::SanType::IpAddress(address));
        let certificate = parameters.self_signed(&key).unwrap();
        let names = PeerCertificate::of(certificate.der()).names;
        assert_eq!(*names, ["gateway.example", "spiffe://banggiao/gateway"]);
    }

    #[test]
    fn what_is_no_certificate_has_no_names() {
        assert!(
            PeerCertificate::of(&CertificateDer::from(vec![1, 2, 3]))
                .names
                .is_empty()
        );
    }
}
