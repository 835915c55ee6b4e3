//! Downloads: a file of a message, for who may read the conversation.

use domain::actor::Actor;
use domain::attachment::{Area, DOWNLOAD_LIVES};
use domain::conversation::{Conversation, MAX_MESSAGES, Message};
use domain::id::{AttachmentId, ConversationId};
use domain::refusal::Code;
use edge::{Failure, Request, Response};
use files::Stored;
use store::facts;
use store::key::{self, ConversationKey};

use crate::dto::Download;
use crate::handler::{Attachments, lifetime, names, subject};

impl Attachments {
    /// A short-lived address of a file, once it is on record that it was asked for.
    pub(crate) async fn download(
        &self,
        request: &Request,
        actor: &Actor,
    ) -> Result<Response, Failure> {
        let (clinic, patient) = names(request, actor)?;
        request.query(&[])?;
        let conversation = request.path_id("conversationId", ConversationId::parse)?;
        let number = request.path_id("number", str::parse::<u32>)?;
        let id = request.path_id("attachmentId", AttachmentId::parse)?;
        if !(1..=MAX_MESSAGES).contains(&number) {
            return Err(Code::NotFound.into());
        }
        let name = ConversationKey { clinic, patient, conversation };
        let (conversation_key, message_key) =
            (key::conversation(&name), key::message(&name, number));
        let keys = facts::keys(actor, &name.clinic, &name.patient)
            .into_iter()
            .chain([conversation_key.clone(), message_key.clone()]);
        let mut found = self.store.read(keys).await?;
        let facts = facts::peek(&found, actor, &name.clinic, &name.patient)?;
        let side = facts.side(actor)?;
        let conversation: Option<Conversation> = found.take(&conversation_key)?;
        side.visible(conversation.as_ref())?;
        let message: Option<Message> = found.take(&message_key)?;
        let files = message.map(|message| message.files).unwrap_or_default();
        let file = files.into_iter().find(|file| file.id == id).ok_or(Code::NotFound)?;

        let objects = vec![name.conversation.to_string(), number.to_string(), id.to_string()];
        let record = self.done(request, actor, subject(&name.clinic, &name.patient, objects));
        self.store.record(&record).await?;
        let now = self.sources.now();
        let stored = Stored {
            key: files::keys::key(Area::Clean, &name.clinic, &name.patient, &file.id),
            version: file.kept.object_version.clone(),
        };
        let lives = lifetime(DOWNLOAD_LIVES);
        let url = self
            .files
            .sign_download(&stored, now, lives)
            .await
            .map_err(|error| error.outage("sign a download"))?;
        let expires_at = now.saturating_add(DOWNLOAD_LIVES).unwrap_or(now);
        Ok(Response::ok(&Download::new(&file, url, expires_at)))
    }
}
