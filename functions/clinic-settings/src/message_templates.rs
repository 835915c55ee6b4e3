use domain::actor::Actor;
use domain::refusal::Code;
use edge::{Failure, Request, Response};

use crate::handler::Handler;

impl Handler {
    pub(crate) async fn list_message_templates(
        &self,
        _request: &Request,
        _actor: &Actor,
    ) -> Result<Response, Failure> {
        Err(Code::NotFound.into())
    }

    pub(crate) async fn view_message_template(
        &self,
        _request: &Request,
        _actor: &Actor,
    ) -> Result<Response, Failure> {
        Err(Code::NotFound.into())
    }

    pub(crate) async fn put_message_template(
        &self,
        _request: &Request,
        _actor: &Actor,
    ) -> Result<Option<Response>, Failure> {
        Err(Code::NotFound.into())
    }

    pub(crate) async fn preview_message_template(
        &self,
        _request: &Request,
        _actor: &Actor,
    ) -> Result<Response, Failure> {
        Err(Code::NotFound.into())
    }
}
