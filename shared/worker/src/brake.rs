//! The switch that stops what is sent without a person asking for it just now.

use std::sync::Arc;

use domain::outage::Outage;
use store::Store;
use store::sending::Switch;
use tokio::sync::OnceCell;

/// Knows whether sending is switched off. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    /// The id of the table, which does not change while a function runs.
    table: Arc<OnceCell<String>>,
}

impl Brake {
    /// Whether nothing is to be sent just now.
    pub(crate) async fn is_on(&self, store: &Store) -> Result<bool, Outage> {
        let table = self.table.get_or_try_init(|| store.table_id()).await?;
        let switch = store.sending(table).await?;
        match switch {
            Switch::On => {}
            Switch::Paused => tracing::warn!("sending is switched off: what is due stays due"),
            Switch::Restored => {
                tracing::warn!("the table was restored: nothing is sent until sending is resumed");
            }
        }
        Ok(switch != Switch::On)
    }
}
