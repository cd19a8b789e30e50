package dev.fairlead.mqtt;

import java.util.Collections;
import java.util.Enumeration;
import org.eclipse.paho.client.mqttv3.MqttClientPersistence;
import org.eclipse.paho.client.mqttv3.MqttPersistable;
import org.eclipse.paho.client.mqttv3.MqttPersistenceException;

/** Paho's store of unacknowledged messages. Not needed, because the outbox keeps them. */
final class NoPersistence implements MqttClientPersistence {
  @Override
  public void open(String clientId, String serverUri) {}

  @Override
  public void close() {}

  @Override
  public void put(String key, MqttPersistable persistable) {}

  @Override
  public MqttPersistable get(String key) throws MqttPersistenceException {
    throw new MqttPersistenceException();
  }

  @Override
  public void remove(String key) {}

  @Override
  public Enumeration<String> keys() {
    return Collections.emptyEnumeration();
  }

  @Override
  public void clear() {}

  @Override
  public boolean containsKey(String key) {
    return false;
  }
}
