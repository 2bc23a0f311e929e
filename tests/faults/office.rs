//! The office in which a run takes place: a region with four provinces, a recorder and an approver, and the clients of
//! both.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use banggiao_contracts::registry::v1::{
    CreatePrincipalRequest, CreateUnitRequest, Grant, GrantRoleRequest, Principal, Role, Unit,
    access_service_client::AccessServiceClient, unit_service_client::UnitServiceClient,
};
use banggiao_model::clock::SystemClock;
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_standalone::data_dir;
use tonic::{Code, Request, Status};

/// Over all units that are written for.
const REGION: &str = "faults";
/// Home units of what is written.
pub const UNITS: [&str; 4] = ["faults-north", "faults-east", "faults-south", "faults-west"];
/// Who decides about what the administrator records.
const APPROVER: &str = "faults-approver";
/// No call waits longer for its answer.
const DEADLINE: Duration = Duration::from_secs(15);
/// A token lasts longer than any run.
const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

/// Where to call, and with whose key tokens are signed.
#[derive(Debug, Clone)]
pub struct Office {
    pub address: String,
    folder: PathBuf,
    /// Where the registry stood when all was there.
    pub registry_position: i64,
}

impl Office {
    /// Makes units and approver. What is written is then written at `journal`.
    pub async fn open(address: &str, journal: &str, folder: &Path) -> Self {
        let mut office = Self {
            address: address.to_owned(),
            folder: folder.to_owned(),
            registry_position: 0,
        };
        let mut units = UnitServiceClient::new(office.recorder());
        create(&mut units, REGION, "MILITARY_REGION", "").await;
        office.appoint().await;
        for unit in UNITS {
            office.registry_position = create(&mut units, unit, "PROVINCIAL_COMMAND", &format!("units/{REGION}")).await;
        }
        office.at(journal)
    }

    /// The same office at another address.
    pub fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..self.clone()
        }
    }

    /// The same office where its folder was copied to.
    pub fn moved(&self, address: &str, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            ..self.at(address)
        }
    }

    /// A new channel of whoever records, reads and asks.
    pub fn recorder(&self) -> Authorized {
        self.channel("administrator")
    }

    /// A new channel of whoever approves.
    pub fn approver(&self) -> Authorized {
        self.channel(APPROVER)
    }

    fn channel(&self, principal: &str) -> Authorized {
        let issuer = data_dir::issuer(&self.folder).expect("a signing key");
        let (token, _) = data_dir::issue(&issuer, principal, TOKEN_SECONDS, &SystemClock).expect("a token");
        channel::authorized(&self.address, Bearer::new(&token).expect("a token")).expect("an address")
    }

    async fn appoint(&self) {
        let mut access = AccessServiceClient::new(self.recorder());
        let principal = Principal {
            display_name: "Approver".to_owned(),
            ..Principal::default()
        };
        let request = CreatePrincipalRequest {
            principal_id: APPROVER.to_owned(),
            principal: Some(principal),
            ..CreatePrincipalRequest::default()
        };
        access.create_principal(request).await.expect("a principal");
        let grant = Grant {
            principal: format!("principals/{APPROVER}"),
            role: Role::Approver.into(),
            unit: format!("units/{REGION}"),
            ..Grant::default()
        };
        let request = GrantRoleRequest {
            grant: Some(grant),
            ..GrantRoleRequest::default()
        };
        access.grant_role(request).await.expect("a grant");
    }
}

/// Makes a unit and gives the registry's position.
async fn create(units: &mut UnitServiceClient<Authorized>, id: &str, kind: &str, parent: &str) -> i64 {
    let unit = Unit {
        country: "VN".to_owned(),
        kind: kind.to_owned(),
        parent: parent.to_owned(),
        names: [("vi".to_owned(), id.to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    };
    let request = CreateUnitRequest {
        unit_id: id.to_owned(),
        unit: Some(unit),
        ..CreateUnitRequest::default()
    };
    let created = units.create_unit(request).await.expect("a unit").into_inner();
    created.registry_position
}

/// A request that waits no longer than anybody should.
pub fn bounded<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// Which refusals say no more than that nobody knows yet, so that the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// Only the service itself speaks: it says that it is unavailable.
    Unavailable,
    /// Processes end in the middle of a call, of which the broken connection says nothing.
    BrokenCalls,
}

impl Passing {
    /// Whether a refusal is of this kind.
    pub fn includes(self, status: &Status) -> bool {
        let broken = [
            Code::Cancelled,
            Code::Unknown,
            Code::DeadlineExceeded,
            Code::ResourceExhausted,
        ];
        status.code() == Code::Unavailable || (self == Self::BrokenCalls && broken.contains(&status.code()))
    }
}
