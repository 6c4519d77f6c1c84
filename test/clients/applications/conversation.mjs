// How an application of these tests speaks with its test: it is told its settings, asks for a person in a browser, and tells what came of it.
const told = () => new Promise(resolve => { process.once('message', resolve); });
process.on('disconnect', () => { process.exit(0); });

/** What the test set up: the issuer, client credentials, redirect URIs. */
export const settings = await told();

/** Sends a person to this address. @returns where the browser ended */
export async function sendPersonTo(open) {
  const answer = told();
  process.send({ open });
  return (await answer).ended;
}

/** Tells the test that a server listens here. */
export const listening = server => { process.send({ port: server.address().port }); };

/** Tells the result, and ends. */
export const tell = result => { process.send({ result }, () => { process.disconnect(); }); };
