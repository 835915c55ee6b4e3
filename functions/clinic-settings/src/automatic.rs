use domain::actor::Actor;
use domain::refusal::Code;
use edge::{Failure, Request, Response};

use crate::handler::Handler;

impl Handler {
    pub(crate) async fn preview_automatic(
        &self,
        _request: &Request,
        _actor: &Actor,
    ) -> Result<Response, Failure> {
        Err(Code::NotFound.into())
    }
}
