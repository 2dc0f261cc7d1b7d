/** A test CA, a server certificate of it (localhost, 127.0.0.1, the *.test names below), and a client certificate; not used elsewhere. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUOqcYAreWALVkdjafGsZHOCDmXcAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwHhcNMjYxMTMwMTYzMDI0WhcNNDYx
MTI1MTYzMDI0WjAZMRcwFQYDVQQDDA5UZXN0IGF1dGhvcml0eTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABJZjflr8YpZnceOg+uyYLVbYCobi+gExxH894iGfmWcV
SMWUuN8iTj4U19Yw948IYrRa7hHJmXYnqgr00Sz0VNKjUzBRMB0GA1UdDgQWBBRS
ffvk/ZrKipVClJJnz0FEPuorGDAfBgNVHSMEGDAWgBRSffvk/ZrKipVClJJnz0FE
PuorGDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDujQW6+iTR
wE4WSP6naQAqjNo897BKOhwh90dahNzv0QIhAPW5aL+Dcnp9tHAV0TtdBbLx24Xm
1Hs8eVliLox7+pKu
-----END CERTIFICATE-----
`;

/** For localhost, 127.0.0.1, gateway.test, temporal.test and redis.test. */
export const SERVER = {
  cert: `-----BEGIN CERTIFICATE-----
MIIB3jCCAYWgAwIBAgIUCx8gkwmwhvGPLz5JBiyf2LkFN88wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwHhcNMjYxMTMwMTYzMDI1WhcNNDYx
MTI1MTYzMDI1WjARMQ8wDQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARERed6RiFoeGiol7VlQ5KPmENcZ1gNyGxbVJir7fc66J8WbYwrdmJV
fIICLMQ42UspFeF2XbYAFm3sSVwtiS5Vo4GyMIGvMEMGA1UdEQQ8MDqCCWxvY2Fs
aG9zdIIMZ2F0ZXdheS50ZXN0gg10ZW1wb3JhbC50ZXN0ggpyZWRpcy50ZXN0hwR/
AAABMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAJBgNVHRMEAjAAMB0G
A1UdDgQWBBTbgfFtmBFx9apB+pFPSFYOGA54/TAfBgNVHSMEGDAWgBRSffvk/ZrK
ipVClJJnz0FEPuorGDAKBggqhkjOPQQDAgNHADBEAiARzgTFpPoJVVv29aOi62Vq
vSn/9ha5HG09xDO0CT9FegIgMEkaDQVsRmvrDroEcxqQI8zzH3KD1gDBYCJuSRv7
YsE=
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrEtCkt4+OyBEHgXF
ZTkp2kDv59o69EqfY6+OVtmXYjShRANCAARERed6RiFoeGiol7VlQ5KPmENcZ1gN
yGxbVJir7fc66J8WbYwrdmJVfIICLMQ42UspFeF2XbYAFm3sSVwtiS5V
-----END PRIVATE KEY-----
`,
};

const CLIENT = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBsjCCAVigAwIBAgIUCx8gkwmwhvGPLz5JBiyf2LkFN9AwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwHhcNMjYxMTMwMTYzMDI1WhcNNDYx
MTI1MTYzMDI1WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASiS/5yaKBR0mnpRGMg1yE9j5Bhl1pj46FzlPCf24f3JVJeUvbt1hMF
yJvPIhw/fuJ+U4U1AFxPfAr1M4iejtDao4GFMIGCMBYGA1UdEQQPMA2CC2NsaWVu
dC50ZXN0MB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAJBgNVHRMEAjAA
MB0GA1UdDgQWBBSh55+4OS5Qx7bQjwZ0fmoyzwoDLTAfBgNVHSMEGDAWgBRSffvk
/ZrKipVClJJnz0FEPuorGDAKBggqhkjOPQQDAgNIADBFAiBczOI7aiwwvGm0ZsW8
XYSJt/bu4D8PxKGP4wHZAt3YGAIhAOzANIfmScbRMmr6gxan7cj5EvQHBEDdi4XD
zpgIEEHN
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLQprZZBuc6pfJvXJ
E+FEBlepgUifOFnK+MHE7qs8Q6ChRANCAASiS/5yaKBR0mnpRGMg1yE9j5Bhl1pj
46FzlPCf24f3JVJeUvbt1hMFyJvPIhw/fuJ+U4U1AFxPfAr1M4iejtDa
-----END PRIVATE KEY-----
`,
};

/** Writes them to files, for settings. */
export function writeCertificates() {
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-certificates-'));
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    folder,
    ca: write('ca.pem', AUTHORITY),
    cert: write('client.pem', CLIENT.cert),
    key: write('client.key', CLIENT.key),
    serverCert: write('server.pem', SERVER.cert),
    serverKey: write('server.key', SERVER.key),
  };
}
