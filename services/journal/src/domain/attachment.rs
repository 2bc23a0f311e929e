//! Attachments: documents that belong to events, named by what they hold.

/// What attachments are called, before their digest.
const COLLECTION: &str = "attachments/";
/// A SHA-256 in hexadecimal digits.
const DIGEST_CHARS: usize = 64;

/// The digest in an attachment's name: 64 lower-case hexadecimal digits, the SHA-256 of its bytes.
pub fn digest_of(name: &str) -> Option<&str> {
    let digest = name.strip_prefix(COLLECTION)?;
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (digest.len() == DIGEST_CHARS && digest.bytes().all(hexadecimal)).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_one_digest_in_one_spelling() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(digest_of(&format!("attachments/{digest}")), Some(digest.as_str()));
        for other in [
            digest.clone(),
            format!("attachments/{}", digest.to_uppercase()),
            format!("attachments/{digest}0"),
            "attachments/../../etc/passwd".to_owned(),
            String::new(),
        ] {
            assert_eq!(digest_of(&other), None, "{other}");
        }
    }
}
