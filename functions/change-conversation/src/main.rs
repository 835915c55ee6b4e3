//! What staff change of a conversation without writing in it: whether it takes messages
//! (`POST .../{conversationId}/close` and `/reopen`), who takes part (`PUT` and `DELETE` of
//! `.../participants/{staffId}` and `.../groups/{groupId}`), and whether it is hidden from guardians
//! (`.../patient-only`).

mod handler;
#[cfg(test)]
mod tests;
mod wanted;

use handler::ChangeConversation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    launch::http(|start| ChangeConversation { store: start.store, sources: start.sources }).await
}
