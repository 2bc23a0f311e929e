//! Waiting until figures show what was imported.
//!
//! It owns the patience for that. Reporting that lags behind is no fault of the import, whose rows are safe.

use crate::connection::Connection;
use crate::error::Error;
use banggiao_contracts::reporting::v1::GetPositionRequest;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Code;

/// For how long reporting is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until reporting has reached both positions; `false` if it has not in time, or cannot be asked.
pub(super) async fn until_shown(connection: &Connection, log_index: i64, registry_position: i64) -> bool {
    let begun = Instant::now();
    loop {
        match connection
            .call(connection.figures().get_position(GetPositionRequest {}))
            .await
        {
            Ok(at) if at.log_index >= log_index && at.registry_position >= registry_position => return true,
            // What reporting refuses now it will refuse again; only its absence may pass.
            Err(Error::Status(status)) if !matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded) => {
                return false;
            }
            _ => {}
        }
        if begun.elapsed() + PAUSE > PATIENCE {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
