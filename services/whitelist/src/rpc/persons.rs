//! Persons who consent for themselves: the resident number becomes a keyed hash before anything is kept of the request,
//! its fingerprint for repeats included.

use host::Secret;
use kernel::{privacy, resident_id::is_resident_id, typed::normalise};
use proto::whitelist::v1 as wire;
use ring::hmac;
use rpc::{Fault, check::Checker};
use tonic::Request;

use super::enterprises::or_refuse;
use crate::{domain::consent::Person, reasons};

/// Makes keyed hashes of persons; without a key there are no consents of persons.
#[derive(Clone)]
pub struct Persons(Option<hmac::Key>);

impl Persons {
    pub fn new(key: Option<&Secret>) -> Self {
        Self(key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes())))
    }

    /// The request with the person hashed in it, and the person, if it names one.
    pub(super) fn take(
        &self,
        mut request: Request<wire::GrantConsentRequest>,
    ) -> Result<(Request<wire::GrantConsentRequest>, Option<Person>), Fault> {
        let number = std::mem::take(&mut request.get_mut().person_resident_id);
        if number.is_empty() {
            return Ok((request, None));
        }
        let mut check = Checker::new();
        let person = self.read(&mut check, &number)?;
        let (person,) = check.all((person,))?;
        request.get_mut().person_resident_id = person.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((request, Some(person)))
    }

    /// Who this number is; `None` after noting that it is none.
    pub(super) fn read(&self, check: &mut Checker, number: &str) -> Result<Option<Person>, Fault> {
        let key = self.0.as_ref().ok_or_else(|| Fault::new(&reasons::PERSON_KEY_MISSING))?;
        let plain = normalise(number);
        let person = is_resident_id(&plain).then(|| {
            let mut hash = [0; 32];
            hash.copy_from_slice(hmac::sign(key, plain.as_bytes()).as_ref());
            Person { hash, masked: privacy::resident_id(&plain) }
        });
        Ok(or_refuse(check, "person_resident_id", person, &reasons::RESIDENT_ID_INVALID))
    }
}
