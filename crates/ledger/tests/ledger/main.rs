//! The ledger against published vectors, against other implementations, and against an oracle that follows the text of
//! RFC 6962 word by word.

mod check;
mod keys;
mod notes;
mod oracle;
mod proofs;
