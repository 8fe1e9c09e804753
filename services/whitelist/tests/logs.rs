//! What is written to the log.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use proto::whitelist::v1::{self as wire, get_enterprise_request::Key};
use rpc::Duty;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    records::profile,
    support::{OTHER_USCC, Stand, USCC, asset, consent, registration},
};

/// Everything that this process logs, other tests beside this one included: none of it may name a firm.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_that_is_logged_names_a_firm_or_its_rights() {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone()).init();
    let stand = Stand::new().await;
    let mut clerk = stand.clerk();
    let request = wire::RegisterEnterpriseRequest { profile: Some(profile()), ..registration() };
    let registered = clerk.register_enterprise(request).await.unwrap().into_inner().enterprise.unwrap();
    let id = registered.enterprise_id;
    let mut keeper = stand.keeper(Duty::Clerk);
    let shown = wire::RevealRequest {
        enterprise_id: id.clone(),
        fields: vec![1, 2, 3, 4],
        reason: "核对贷款申请材料".to_owned(),
    };
    assert_eq!(keeper.reveal(shown).await.unwrap().into_inner().legal_rep, "张小三");
    clerk.register_asset(asset(&id)).await.unwrap();
    clerk.grant_consent(consent(&id, stand.now())).await.unwrap();
    clerk.register_enterprise(registration()).await.unwrap_err();
    clerk.register_asset(asset(&id)).await.unwrap_err();
    let misspelt =
        wire::RegisterEnterpriseRequest { uscc: USCC.replace('8', "9"), size: 9, ..registration() };
    clerk.register_enterprise(misspelt.clone()).await.unwrap_err();
    let unknown = wire::GetEnterpriseRequest { key: Some(Key::Uscc(OTHER_USCC.to_owned())) };
    clerk.get_enterprise(unknown).await.unwrap_err();

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        log.contains("RegisterEnterprise") || log.contains("enterprise"),
        "the log was not captured: {log}"
    );
    for name in [
        USCC,
        OTHER_USCC,
        &misspelt.uscc,
        "沁铅",
        "再生铅",
        "202210123456",
        "张小三",
        "13800001234",
        "9800000000",
    ] {
        assert!(!log.contains(name), "{name} is in the log");
    }
}
