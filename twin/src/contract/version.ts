/** The wire contract's version. Every message carries it; a reader refuses one it does not know. */
export const CONTRACT_VERSION = 1;
