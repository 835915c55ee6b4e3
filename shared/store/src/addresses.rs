//! What is known of addresses, for every clinic and patient that uses them.

use domain::address::{AddressHash, AddressState, Addresses, Contact, Mark, Reach};
use domain::outage::{Outage, OutageKind};
use jiff::Timestamp;

use crate::key;
use crate::transaction::{Guard, Transaction};
use crate::{Committed, Store};

/// Two writers of one address are two events about it: so often it is read and written again.
const MOST_ROUNDS: usize = 8;

impl Store {
    /// What is known of these addresses; nothing of one that nothing ever happened to.
    pub async fn addresses<'a>(
        &self,
        hashes: impl IntoIterator<Item = &'a AddressHash>,
    ) -> Result<Addresses, Outage> {
        let hashes: Vec<_> = hashes.into_iter().collect();
        let mut addresses = Addresses::default();
        if hashes.is_empty() {
            return Ok(addresses);
        }
        let mut found = self.read(hashes.iter().map(|hash| key::address(hash))).await?;
        for hash in hashes {
            if let Some(state) = found.take::<AddressState>(&key::address(hash))? {
                addresses.learn(hash.clone(), state);
            }
        }
        Ok(addresses)
    }

    /// How a person would be told, as things are now. `None`: it could not be read, which fails
    /// nothing that is done already.
    pub async fn reach(&self, contact: &Contact) -> Option<Reach> {
        match self.addresses(contact.hashes()).await {
            Ok(known) => Some(contact.reach(&known)),
            Err(outage) => {
                tracing::warn!(
                    operation = outage.operation(),
                    detail = outage.detail(),
                    "what is known of the addresses was not read"
                );
                None
            }
        }
    }

    /// Notes what speaks against an address. Whether it was news.
    pub async fn mark(&self, hash: &AddressHash, mark: Mark) -> Result<bool, Outage> {
        self.change_address(hash, |state| state.marked(mark), |_| {}).await
    }

    /// Notes that the owner of an address agreed to be told there, or opted out, on record.
    pub async fn change_address(
        &self,
        hash: &AddressHash,
        change: impl Fn(AddressState) -> Option<AddressState>,
        with: impl Fn(&mut Transaction),
    ) -> Result<bool, Outage> {
        for _ in 0..MOST_ROUNDS {
            let key = key::address(hash);
            let before: Option<AddressState> = self.read([key.clone()]).await?.take(&key)?;
            let guard = before.map_or(Guard::Absent, |before| Guard::Version(before.version));
            let mut transaction = self.transaction();
            let news = change(before.unwrap_or_default());
            if let Some(state) = news {
                transaction.put(&key, &state, [], Some(guard));
            }
            with(&mut transaction);
            if transaction.is_empty() {
                return Ok(false);
            }
            if self.commit(transaction).await? == Committed::Done {
                return Ok(news.is_some());
            }
        }
        Err(Outage::new(OutageKind::Contended, "address", "rounds"))
    }

    /// Notes a recorded consent to be told at an address.
    pub async fn consent(
        &self,
        hash: &AddressHash,
        at: Timestamp,
        with: impl Fn(&mut Transaction),
    ) -> Result<bool, Outage> {
        self.change_address(hash, |state| state.consented(at), with).await
    }
}
