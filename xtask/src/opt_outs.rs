//! The test of SNS's opt-out calls, which the local stack does not know: on a stand-in for SNS alone, which
//! is there for this test and no longer.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::console::say;
use crate::failure::{Doing as _, Failure, Result};
use crate::python::Venv;
use crate::{process, workspace};

/// How long the stand-in may take to start.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Starts the stand-in, runs the test, and stops it.
pub fn test(venv: &Venv) -> Result<()> {
    say("-- testing SNS's opt-out calls ...");
    let port = free_port().doing("finding a free port")?;
    let log = workspace::stack().join("opt-outs.log");
    let mut command = venv.script("moto_server");
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    let mut server =
        process::to_log(&mut command, &log)?.spawn().doing("starting a stand-in for SNS")?;
    let tested = wait_for(&mut server, port).and_then(|()| {
        let mut cargo = workspace::cargo();
        // The same choice of packages as of the other tests, so that nothing is compiled anew.
        cargo
            .args(["test", "--locked"])
            .args(workspace::WITHOUT_SYSTEM_TESTS)
            .args(["--test", "opt_outs", "--", "--ignored"])
            .env("SNS_ENDPOINT", format!("http://127.0.0.1:{port}"));
        process::run(&mut cargo)
    });
    let _ended = server.kill();
    let _ended = server.wait();
    tested
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_for(server: &mut Child, port: u16) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = server.try_wait().doing("watching the stand-in for SNS")?.is_some();
        if ended || begun.elapsed() > START_LIMIT {
            let log = workspace::stack().join("opt-outs.log");
            return Err(Failure::new(format!(
                "The stand-in for SNS did not start. The end of {}:\n{}",
                log.display(),
                process::tail(&log)
            )));
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
