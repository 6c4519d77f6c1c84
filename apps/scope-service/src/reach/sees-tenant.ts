import { Role } from '@strowger/oauth-core/facts';

/** Whether the caller is told of everybody's in its tenant; a user is told of its own, and of its API accesses'. */
export const seesTenant = (role: Role): boolean => role === 'administrator' || role === 'auditor';
