import { ConsentDocument } from '@strowger/models/consents/consents.schema';
import { ConsentsReader } from '@strowger/models/consents/consents.reader';
import { DeviceDecisions } from '@strowger/models/device-authorizations/device-decisions.store';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { chosenScope, OfferedScope, offeredScopes } from '@strowger/oauth-core/consent-scope';
import { DeviceAuthorizationFacts } from '@strowger/oauth-core/device-authorization';
import { Facts, Origin } from '@strowger/oauth-core/ports';
import { narrowedScope } from '@strowger/oauth-core/scope';
import { Standing } from '@strowger/oauth-core/standing';
import { LoggedIn } from '../login/browsers';
import { UserCodeGuesses } from './user-code-guesses';

/** A device that waits for this person's decision, as it stands now. */
export interface AskingDevice {
  readonly device: DeviceAuthorizationFacts;
  readonly standing: Standing;
  /** What the application still has of what the device asks for. */
  readonly scope: string;
  readonly offered: readonly OfferedScope[];
  readonly consent: ConsentDocument | undefined;
}

/** A person's decision about a device. It is asked for each time: a code says nothing about whose device it is. */
export class DecideDevice {
  constructor(
    private readonly facts: Facts, private readonly devices: DeviceDecisions, private readonly guesses: UserCodeGuesses,
    private readonly read: { readonly consents: ConsentsReader; readonly scopes: ScopesReader },
  ) {}

  /**
   * The device that shows this code. Undefined: none of the person's tenant does, or it is over, decided or signed out; nobody
   * is told which, and it counts as a guess.
   * @throws OAuthError rate_limit_exceeded - too many of them were wrong; none is looked for
   */
  async find(userCode: string, person: LoggedIn, origin: Origin): Promise<AskingDevice | undefined> {
    return this.guesses.count(person.standing.account.id, origin, () => this.asking(userCode, person));
  }

  /** @throws OAuthError access_denied - decided already; temporarily_unavailable */
  async allow({ device, standing, scope, offered, consent }: AskingDevice, chosen: ReadonlySet<string>, origin: Origin): Promise<void> {
    await this.devices.approve(device, { standing, requested: scope, scope: chosenScope(scope, offered, chosen), consent }, origin);
  }

  /** @throws OAuthError access_denied - decided already */
  async deny({ device, standing }: AskingDevice, origin: Origin): Promise<void> { await this.devices.deny(device, standing, origin); }

  private async asking(userCode: string, person: LoggedIn): Promise<AskingDevice | undefined> {
    const device = await this.devices.pending(userCode);
    if (device?.tenant_id !== person.standing.tenant.id) return undefined;
    const { sign_out_versions: began } = device;
    const [application, tenant] = await Promise.all([this.facts.application(device.application_id, { fresh: true }), this.facts.tenant(device.tenant_id, { fresh: true })]);
    if (application?.status !== 'active' || !tenant || application.sign_out_version > began.application || tenant.sign_out_version > began.tenant) return undefined;
    const scope = narrowedScope(device.scope, application.scope);
    if (scope === '') return undefined;
    const [consent, catalogue] = await Promise.all([this.read.consents.of(person.standing.account.id, application.id), this.read.scopes.grantableScopes()]);
    const offered = offeredScopes(scope, catalogue.map(({ _id, description }) => ({ scope: _id, description })));
    return { device, standing: { ...person.standing, application, tenant }, scope, offered, consent };
  }
}
