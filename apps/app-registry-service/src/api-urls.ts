/** Where a PBX's APIs are (seed 000's API URL list), on the origin of the issuer. */
export class ApiUrls {
  readonly authorize: string;
  readonly token: string;
  readonly resource: string;
  readonly graphql: string;
  readonly rest: string;

  constructor(issuer: string) {
    this.authorize = `${issuer}/oauth/authorize`;
    this.token = `${issuer}/oauth/token`;
    this.resource = `${issuer}/oauth/resource`;
    this.graphql = `${issuer}/api/gql`;
    this.rest = `${issuer}/api/rest`;
  }
}
