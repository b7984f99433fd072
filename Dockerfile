# The service alone, for a PostgreSQL and a Redis that run elsewhere. Node runs the TypeScript sources as they are; the first
# stage is needed only for the code that is generated from the contract.
FROM node:26-slim AS generate
WORKDIR /app
COPY package.json package-lock.json .npmrc buf.yaml buf.gen.yaml ./
COPY proto proto
COPY test/proto test/proto
RUN npm ci

FROM node:26-slim
WORKDIR /app
ENV NODE_ENV=production GRPC_LISTEN=0.0.0.0:50051
COPY package.json package-lock.json .npmrc ./
# Without scripts: what they would generate comes from the first stage.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY src src
COPY --from=generate /app/src/generated src/generated
USER node
EXPOSE 50051
# Node gets SIGTERM itself, and drains.
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
